"""The Python language host of an engine that ``toolchain`` built: runs a Pulumi program for it.

Enough for up, preview, refresh, destroy, import without code generation, and local programs of the Automation API. It
stands on the SDK's own host for inline programs; the official host is not available where this one is used. What it
cannot do it refuses in one sentence.

It answers before it has loaded the SDK. That, and what ``runtime.options.preload`` in Pulumi.yaml names, it loads while the
engine looks at what is in state (ADR 7).
"""
# ruff: noqa: N802 - the calls have the names that the protocol gives them

import importlib
import os
import platform
import runpy
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, cast

import grpc
from google.protobuf.empty_pb2 import Empty

from toolchain.protocol import language_pb2, language_pb2_grpc, plugin_pb2

_REFUSED: Final = {
    "RunPlugin": "run policy packs or plugins that are Python source",
    "InstallDependencies": "install dependencies: make does",
    "Template": "make projects from templates",
    "GenerateProgram": "generate code: give pulumi import --generate-code=false",
    "GenerateProject": "generate projects",
    "GeneratePackage": "generate SDKs",
    "Pack": "pack SDKs",
    "Link": "link SDKs",
}
"""Call of the protocol -> what it would have done; each is answered UNIMPLEMENTED."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that an engine makes of a language host; the program runs in this very process and Python."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self.loaded = threading.Event()
        """Set when what a program needs has been loaded; two threads that load at once could meet half a module."""

    def Handshake(self, _request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Empty, _context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo()

    def About(self, _request: language_pb2.AboutRequest, _context: grpc.ServicerContext) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def GetRequiredPlugins(
        self, _request: language_pb2.GetRequiredPluginsRequest, _context: grpc.ServicerContext
    ) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, _request: language_pb2.GetRequiredPackagesRequest, _context: grpc.ServicerContext
    ) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> Any:
        """Run the program to its end, as ``python __main__.py`` in its folder would."""
        self.loaded.wait()
        from pulumi.automation._server import LanguageServer

        folder = Path(request.info.program_directory)
        file = folder / request.info.entry_point
        file = file / "__main__.py" if file.is_dir() else file
        os.chdir(folder)
        sys.path.insert(0, str(file.parent))
        sys.argv = [str(file)]
        request.args[:] = [self._engine]  # where the SDK's host looks for it; without, pulumi.log would go to stderr
        server = LanguageServer(lambda: _run_program(file))
        response = cast("language_pb2.RunResponse", server.Run(request, context))  # type: ignore[no-untyped-call]
        if response.error:  # it was logged where it happened; "bail" makes the engine fail without saying it again
            response = language_pb2.RunResponse(bail=True)
        return response

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Any:
        return Empty()  # the engine interrupts the process next, and that ends a program in the middle of its run

    def GetProgramDependencies(
        self, _request: language_pb2.GetProgramDependenciesRequest, _context: grpc.ServicerContext
    ) -> Any:
        """List what is installed, for ``pulumi about``."""
        from importlib import metadata  # 30 ms that no up should pay

        installed = sorted({(found.name, found.version) for found in metadata.distributions()})
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in installed]
        )

    def RuntimeOptionsPrompts(
        self, _request: language_pb2.RuntimeOptionsRequest, _context: grpc.ServicerContext
    ) -> Any:
        return language_pb2.RuntimeOptionsResponse()


def _refusal(call: str, what: str) -> Callable[[LanguageHost, Any, grpc.ServicerContext], NoReturn]:
    def refuse(_host: LanguageHost, _request: Any, context: grpc.ServicerContext) -> NoReturn:
        message = f"the small Python language host of this engine does not {what} ({call}); an installed Pulumi has one that does"
        context.abort(grpc.StatusCode.UNIMPLEMENTED, message)

    return refuse


for _call, _what in _REFUSED.items():
    setattr(LanguageHost, _call, _refusal(_call, _what))


def main() -> NoReturn:
    """Serve one engine: print the port, then answer until the engine interrupts us or is gone."""
    _end_with_the_engine()
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    server = grpc.server(ThreadPoolExecutor(), options=[("grpc.max_receive_message_length", -1)])
    host = LanguageHost(engine=sys.argv[-1])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    try:
        import pulumi.automation._server  # noqa: F401 - Run needs it

        preload(Path.cwd())
    finally:
        host.loaded.set()
    while True:
        time.sleep(1)  # not signal.pause(): that would sleep on when the system gives the signal to another thread


def preload(folder: Path) -> None:
    """Load the modules that the project of a folder names in ``runtime.options.preload`` of its Pulumi.yaml, a list.

    Only what runs nothing of a program when it is imported may be named there: there are no settings yet. What cannot be loaded
    fails where the program imports it. Pulumi's own host knows no such option, and passes it over.
    """
    import yaml

    try:
        file = next(file for each in (folder, *folder.parents) if (file := each / "Pulumi.yaml").exists())
        named = yaml.safe_load(file.read_text())["runtime"]["options"]["preload"]
    except (StopIteration, OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return
    for module in named if isinstance(named, list) else []:
        with suppress(Exception):
            importlib.import_module(module)


def _run_program(file: Path) -> None:
    """Run the program's file; what it fails with becomes a RunError whose text has the program's own frames only."""
    from pulumi import RunError

    try:
        runpy.run_path(str(file), run_name="__main__")
    except RunError:
        raise
    except SystemExit as left:
        reason = f"{file.name} called sys.exit({left.code!r}); a program that ends early would lose its resources"
        raise RunError(reason) from left
    except Exception as problem:
        problem.__traceback__ = _frames_from(file, problem.__traceback__)
        text = "".join(traceback.format_exception(problem))
        raise RunError(f"the program failed with an unhandled exception:\n{text}") from problem


def _frames_from(file: Path, frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames that called the program's file."""
    while frames is not None and frames.tb_frame.f_code.co_filename != str(file):
        frames = frames.tb_next
    return frames


def _end_with_the_engine() -> None:
    """End this process when the engine does, even by SIGKILL: the engine holds the other end of our standard input.

    The program gets an empty standard input instead.
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
    """End at once: a program that were unwound in the middle would print a traceback above the engine's own message."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
