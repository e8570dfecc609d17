"""A machine for the tests: its PATH holds only what a test puts there, its cache is empty."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from toolchain.build import read_pin

ROOT = Path(__file__).parents[2]

GO = """\
#!/bin/sh
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi
for word; do [ "$before" = -o ] && out=$word; before=$word; done
echo $$ >> {builds}
{body}
"""

PIN = read_pin()
OLDEST_GO = ".".join(map(str, PIN.oldest_go))
MAKES_PULUMI = f"""printf '#!/bin/sh\\necho {PIN.version}\\n' > "$out"; /bin/chmod +x "$out" """


@dataclass(frozen=True)
class Run:
    """What a finished ``python -m toolchain`` left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Running:
    """A ``python -m toolchain`` that goes on."""

    process: "subprocess.Popen[str]"
    err_file: Path

    def err(self) -> str:
        return self.err_file.read_text()

    def stop(self, number: signal.Signals) -> Run:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> Run:
        out, _ = self.process.communicate(timeout=20)
        return Run(self.process.returncode, out, self.err())


@dataclass(frozen=True)
class Machine:
    """Folders of one made-up machine, and the programs on it."""

    home: Path

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def engines(self) -> Path:
        return self.home / "cache" / "engine"

    @property
    def builds(self) -> list[int]:
        """The process of each ``go build`` so far."""
        file = self.home / "builds"
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []

    def install(self, name: str, script: str, *, into: Path | None = None) -> Path:
        file = (into or self.bin) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script)
        file.chmod(0o755)
        return file

    def install_go(self, body: str = MAKES_PULUMI, version: str = OLDEST_GO) -> None:
        self.install("go", GO.format(version=version, body=body, builds=self.home / "builds"))

    def install_go_that_waits(self) -> Callable[[], None]:
        """Install a Go whose build waits; calling the result lets it go on and succeed."""
        gate = self.home / "gate"
        os.mkfifo(gate)
        self.install_go(f"read _ < {gate}\n{MAKES_PULUMI}")
        return lambda: gate.write_text("\n") and None

    def install_pulumi(self, version: str, *, host: bool = True) -> None:
        self.install("pulumi", f"#!/bin/sh\necho {version}\n")
        if host:
            self.install("pulumi-language-python", "#!/bin/sh\n")

    def start(self, **env: str) -> Running:
        self.bin.mkdir(exist_ok=True)
        err_file = self.home / f"err-{time.monotonic_ns()}"
        with err_file.open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "toolchain"],
                cwd=ROOT,
                env={"PATH": str(self.bin), "HOME": str(self.home), "ORGKEY_CACHE": str(self.home / "cache"), **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        return Running(process, err_file)

    def run(self, **env: str) -> Run:
        return self.start(**env).end()

    def leftovers(self) -> list[str]:
        """What lies beside finished engines, the lock apart."""
        return sorted(file.name for file in self.engines.iterdir() if file.name.startswith(".making-"))
