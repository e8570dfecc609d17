"""The Python language host of an engine that ``toolchain`` built: runs a Pulumi program for it.

Enough for up, preview, refresh, destroy, import without code generation, and local programs of the Automation API. It
stands on the SDK's own host for inline programs; the official host is not available where this one is used. What it
cannot do it refuses in one sentence.
"""

import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi import RunError
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

_REFUSED: Final = {
    "RunPlugin": "run policy packs, or plugins that are Python source",
    "InstallDependencies": "install dependencies (make does)",
    "GenerateProgram": "generate code (pulumi import: use --generate-code=false)",
    "GenerateProject": "generate code",
    "GeneratePackage": "generate SDKs (pulumi package add)",
    "Pack": "pack SDKs",
    "Link": "link SDKs (pulumi package add)",
}
"""Call of the protocol -> what it would have done; each is answered UNIMPLEMENTED."""


class LanguageHost(LanguageServer):
    """The calls that an engine makes of a language host, for one project whose Python is the one running this."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(self, _request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext) -> Any:
        """Agree to the first call; nothing is negotiated."""
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> Any:
        """Run the program to its end, as ``python __main__.py`` in its folder would."""
        folder = Path(request.info.program_directory)
        file = folder / request.info.entry_point
        file = file / "__main__.py" if file.is_dir() else file
        os.chdir(folder)
        sys.path.insert(0, str(file.parent))
        sys.argv = [str(file), *request.args[1:]]
        self.program = lambda: _run_program(file)
        response = cast("language_pb2.RunResponse", super().Run(request, context))  # type: ignore[no-untyped-call]
        if response.error:  # it was logged where it happened; "bail" makes the engine fail without saying it again
            response = language_pb2.RunResponse(bail=True)
        return response

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Any:
        """Agree; the engine interrupts the process next, and that ends a program in the middle."""
        return Empty()

    def GetProgramDependencies(self, _request: language_pb2.GetProgramDependenciesRequest, _context: grpc.ServicerContext) -> Any:
        """List what is installed, for ``pulumi about``."""
        installed = sorted({(found.name, found.version) for found in metadata.distributions()})
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in installed]
        )

    def RuntimeOptionsPrompts(self, _request: language_pb2.RuntimeOptionsRequest, _context: grpc.ServicerContext) -> Any:
        """Ask nothing."""
        return language_pb2.RuntimeOptionsResponse()


def _refusal(call: str, what: str) -> Any:
    def refuse(_host: LanguageHost, _request: Any, context: grpc.ServicerContext) -> NoReturn:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the small Python language host of this engine does not {what}: that takes an installed Pulumi ({call})",
        )

    return refuse


for _call, _what in _REFUSED.items():
    setattr(LanguageHost, _call, _refusal(_call, _what))


def _run_program(file: Path) -> None:
    """Run the program's file; an exception that it does not catch is told with its own frames only."""
    try:
        runpy.run_path(str(file), run_name="__main__")
    except RunError:
        raise
    except SystemExit as left:
        raise RunError(f"{file.name} called sys.exit({left.code!r}): a program that stops early loses resources") from left
    except Exception as problem:
        frames = problem.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != str(file):
            frames = frames.tb_next
        text = "".join(traceback.format_exception(problem.with_traceback(frames)))
        raise RunError(f"the program failed with an unhandled exception:\n{text}") from problem


def main() -> NoReturn:
    """Serve one engine: print the port, then answer until the engine interrupts us or is gone."""
    _end_with_the_engine()
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    server = grpc.server(ThreadPoolExecutor(), options=[("grpc.max_receive_message_length", -1)])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while True:
        signal.pause()


def _end_with_the_engine() -> None:
    """End this process when the engine does, even by SIGKILL: the engine holds the other end of our standard input.

    The program gets an empty standard input instead, as under the official host.
    """
    engine = os.dup(0)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)

    def watch() -> None:
        while os.read(engine, 1024):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _leave(*_: object) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a program in the middle of its run is not unwound: its traceback would hide the engine's own message


if __name__ == "__main__":
    main()
