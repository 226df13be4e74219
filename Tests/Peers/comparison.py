"""One run: prepares the models, starts the engines, checks what they compute, measures."""

import subprocess
import sys
from argparse import Namespace

import numpy as np

import cold_start
import contenders
import environment
import idleness
import machine
import models
import visits
from contenders import HELD_TIERS, PEERS, SATURATING, WITHOUT_AMX, Swiftlet
from environment import Failure
from tables import USUAL_TOLERANCE

# Share of the reference's spread by which an engine may be off: see worker.differences. ncnn's
# numerics are others. OpenVINO without VNNI adds products of 16 bits with saturation, which real
# weights reach: it is measured as it is, and counts where it is right.
TOLERANCE = {"ncnn": 0.5, "openvino-onnx@AVX2": 1.0, "openvino-tflite@AVX2": 1.0}
# Models slower than this with LiteRT's default get a run with two threads.
THREADS_FROM_US = 1000


class Comparison:
    def __init__(self, arguments: Namespace):
        self.arguments = arguments
        self.folder = environment.FOLDER
        self.swiftlet = Swiftlet(arguments.swiftletd, self.folder / "key.pub")
        self.notes: list[str] = []
        known = PEERS if arguments.peers == "all" else arguments.peers.split(",")
        self.peers = [name for name in known if name != "none"]

    def run(self) -> dict:
        results = self.look_at_machine()
        self.make_key()
        prepared = [self.prepare(name) for name in self.arguments.only.split(",")]
        before = machine.times()
        results["one_thread"] = {
            model.name: self.measure(model, self.contenders(model), threads=1) for model in prepared
        }
        if not self.arguments.no_threads:
            slow = [model for model in prepared if self.is_slow(results["one_thread"][model.name])]
            results["two_threads"] = {
                model.name: self.measure(model, self.threaded(model), threads=2) for model in slow
            }
        self.measure_starts(prepared, results)
        share = machine.stolen_share(before, machine.times())
        results["stolen_share"] = share
        results["load_average_after"] = machine.load_average()
        self.say(f"the hypervisor took {share:.1%}; load average after: {machine.load_average()}")
        results["notes"] = self.notes
        return results

    def say(self, text: str) -> None:
        print(f"peers: {text}", file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.say(f"note: {text}")

    # MARK: What is needed

    def look_at_machine(self) -> dict:
        facts = machine.describe()
        share = machine.busy_share()
        print(
            f"{facts['processor']}, {facts['processors']} processors: "
            f"{' '.join(facts['features'])}\nload average {facts['load_average']}, "
            f"busy before the run {share:.1%}"
        )
        if share > machine.BUSY and not self.arguments.force:
            raise Failure(f"the machine is busy ({share:.0%}): wait, or --force for a look")
        return {"machine": facts, "busy_before": share}

    def make_key(self) -> None:
        """Made anew each time: nobody else trusts it."""
        key = self.folder / "key"
        for path in (key, self.folder / "key.pub"):
            path.unlink(missing_ok=True)
        command = [self.arguments.swiftlet, "keygen", "-o", key]
        subprocess.run(command, check=True, capture_output=True)

    def prepare(self, name: str) -> models.Model:
        if name not in models.SOURCES:
            raise Failure(f"no model is called {name}: there are {', '.join(models.SOURCES)}")
        self.say(f"preparing {name}")
        try:
            return models.prepare(
                self.folder / "models" / name,
                self.arguments.shared,
                self.arguments.swiftlet,
                self.folder / "key",
            )
        except subprocess.CalledProcessError as error:
            raise Failure(f"swiftlet pack {name}: {error.stderr.decode().strip()}") from error

    # MARK: Who takes part

    def contenders(self, model: models.Model) -> list[visits.Contender]:
        tiers = [it for it in (*HELD_TIERS, WITHOUT_AMX) if self.swiftlet.runs(model, it)]
        everyone = [self.swiftlet.contender(model, tier, 1) for tier in [None, *tiers]]
        for tier in [None, *tiers]:
            self.check_exact(model, tier, 1)
        everyone += [contenders.peer(name, model, 1) for name in self.peers]
        for tier in tiers:
            if tier in HELD_TIERS:
                everyone += self.held(model, HELD_TIERS[tier])
        return everyone

    def held(self, model: models.Model, level: str) -> list[visits.Contender]:
        """OpenVINO held to a level, once it is seen to keep to it."""
        names = [name for name in self.peers if name.startswith("openvino")]
        if names and level == SATURATING:
            names.append("openvino-float")
        for name in names:
            kernels = contenders.held_kernels(name, model, level)
            beyond = {kernel for kernel in kernels if "avx512" in kernel or "amx" in kernel}
            if beyond or not kernels:
                raise Failure(f"{name} does not keep to {level}: {', '.join(sorted(beyond))}")
        return [contenders.peer(name, model, 1, held_to=level) for name in names]

    def threaded(self, model: models.Model) -> list[visits.Contender]:
        peers = [contenders.peer(name, model, 2) for name in self.peers]
        try:
            self.check_exact(model, None, 2)
        except subprocess.CalledProcessError as error:
            self.note(f"swiftlet with two threads: {error.stderr.decode().strip()}")
            return peers
        return [self.swiftlet.contender(model, None, 2), *peers]

    def is_slow(self, engines: dict) -> bool:
        slowest = engines.get("litert-xnnpack", engines["swiftlet"])
        return slowest["median_us"] > THREADS_FROM_US

    # MARK: Outputs

    def check_exact(self, model: models.Model, tier: str | None, threads: int) -> None:
        """Swiftlet equals LiteRT's reference kernels, whatever it runs on."""
        outputs = self.swiftlet.outputs(model, tier, threads, self.folder)
        reference = np.load(model.reference)
        if not np.array_equal(outputs.reshape(reference.shape), reference):
            steps = int(np.abs(outputs.reshape(reference.shape).astype(int) - reference).max())
            raise Failure(f"{model.name}: swiftlet {tier or ''} is {steps} steps off the reference")

    def check_peer(self, model: models.Model, worker: visits.Worker) -> None:
        difference = worker.ready["difference"]
        if difference > TOLERANCE.get(worker.name, USUAL_TOLERANCE):
            raise Failure(
                f"{model.name}: {worker.name} is {difference:.2f} off: not the same model"
            )

    # MARK: Figures

    def processors(self, threads: int) -> set[int]:
        others = sorted(machine.available() - {self.arguments.cpu})
        return {self.arguments.cpu, *others[: threads - 1]}

    def measure(self, model: models.Model, everyone: list, threads: int) -> dict:
        self.say(f"measuring {model.name}, {threads} thread{'s' if threads > 1 else ''}")
        logs = self.folder / "logs" / model.name
        workers, failures = visits.start(everyone, self.processors(threads), logs)
        for name, reason in failures.items():
            self.note(f"{model.name}: {name} did not start: {reason}")
        for worker in workers:
            if worker.name.startswith("swiftlet"):
                # Compared exactly, before it was started.
                worker.ready |= {"largest_difference": 0, "difference": 0.0}
            else:
                self.check_peer(model, worker)
        visits.interleave(workers, self.arguments.rounds, self.arguments.ms)
        figures = {worker.name: worker.figures() for worker in workers}
        for worker in workers:
            worker.close()
        return figures

    def measure_starts(self, prepared: list[models.Model], results: dict) -> None:
        """Cold start and idleness, of KWS where it takes part."""
        model = next((it for it in prepared if it.name == "kws"), None)
        if model is None:
            return
        if not self.arguments.no_cold_start:
            self.say("measuring cold starts")
            results["cold_start"] = cold_start.measure(
                self.swiftlet, model, self.folder, self.processors(1)
            )
        count, pause = self.arguments.idle_count, self.arguments.idle_seconds
        if count > 0:
            self.say(f"measuring first calls after idleness, {3 * count * pause / 60:.1f} minutes")
            results["idle_seconds"] = pause
            results["idleness"] = idleness.measure(
                self.swiftlet.contender(model, None, 1),
                model,
                self.processors(1),
                self.folder / "logs" / "idleness",
                count,
                pause,
            )
