"""A recipe from Caffe's ``solver.prototxt``, every mistake with its place.

What decides the weights and the tests becomes the recipe, with Caffe's defaults where the file says nothing. All else
that Caffe knows (what to print, when to save) has no effect here, and a warning says what stands in for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, did_you_mean
from netdef.compiler.expand import expand
from netdef.compiler.files import DISK
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.net_in_solver import FIELDS as NETS_WITHIN
from netdef.compiler.net_in_solver import name_of_net
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import State
from netdef.compiler.schema.decode import Decoder, Values
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, param
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Plain
from netdef.runtime.training.recipe.fork_policies import FORK_FIELDS, FORK_POLICIES, INSTEAD, rates_of
from netdef.runtime.training.recipe.recipe import METHODS, Evaluation, Method, Recipe, Regularization
from netdef.runtime.training.recipe.schedule import POLICIES, Cosine, Duration, Plateau, Policy

CAFFES_POLICIES = {word: kind for word, kind in POLICIES.items() if kind not in (Plateau, Cosine)}
_DECAYS = Regularization.__members__
RENAMED = {"base": "base_lr", "length": "max_iter", "regularization": "regularization_type"}
"""A recipe's setting -> the field that says it, where it has another name."""

NO_EFFECT = {
    "test_compute_loss": "a test always has the loss of a net that has one",
    "display": "metrics.jsonl has every iteration",
    "average_loss": "metrics.jsonl has every loss as it is, and netdef plot smooths them",
    "snapshot": "a checkpoint comes with each test, and every ten minutes",
    "snapshot_prefix": "the run's folder is given with -o",
    "snapshot_diff": "gradients are not kept",
    "snapshot_format": "weights are kept as safetensors",
    "snapshot_after_train": "the last weights are always kept",
    "solver_mode": "say it with --device",
    "device_id": "say it with --device",
    "debug_info": "nothing is printed of single layers",
    "layer_wise_reduce": "gradients are added up as is fastest",
    "weights": "give them with --weights",
}
"""Caffe's fields that decide neither what an iteration does nor when a test comes, and what stands in for them."""
WITHOUT_EFFECT = {**NO_EFFECT, **FORK_FIELDS}
STAYS = "so the learning rate stays what it is"
UNSAID = {
    "step": {"gamma": "so the first drop is to 0"},
    "multistep": {"gamma": "so the first drop is to 0"},
    "exp": {"gamma": "so the learning rate is 0 after the first iteration"},
    "inv": {"gamma": STAYS, "power": STAYS},
    "poly": {"power": STAYS},
    "sigmoid": {"gamma": "so the learning rate is half of base_lr all the time"},
}
"""What becomes of a policy whose setting is not given, because Caffe takes 0 for it."""


class SolverType(ProtoEnum):
    """The methods, as they were called at first."""

    SGD = 0
    NESTEROV = 1
    ADAGRAD = 2
    RMSPROP = 3
    ADADELTA = 4
    ADAM = 5


class CaffeSolver(Message):
    """What decides the weights and the tests (Caffe's SolverParameter)."""

    train_net: str | None = param(1, default=None, doc="the file of the net in training")
    test_net: tuple[str, ...] = param(2, default=(), doc="the file of the net in tests")
    test_iter: tuple[int, ...] = param(3, default=(), least=0, doc="batches in a test")
    test_interval: int | None = param(4, default=None, least=0, doc="iterations between tests")
    base_lr: float | None = param(5, default=None, least=0, doc="the first learning rate")
    max_iter: int | None = param(7, default=None, least=0, doc="the length of training; 0 only tests")
    lr_policy: str | None = param(8, default=None, doc="how the learning rate changes")
    gamma: float = param(9, default=0.0, least=0, doc="the factor of a drop")
    power: float = param(10, default=0.0, doc="of inv and poly")
    momentum: float = param(11, default=0.0, least=0, doc="the share of the last update that goes on")
    weight_decay: float = param(12, default=0.0, least=0, doc="decay, times each weight's decay_mult")
    stepsize: int | None = param(13, default=None, doc="iterations between two drops")
    random_seed: int = param(20, default=-1, bits=64, doc="the seed; below 0 Caffe takes another in each run")
    net: str | None = param(24, default=None, doc="the file of the net")
    train_state: State | None = param(26, default=None, doc="level and stages of the net in training")
    test_state: tuple[State, ...] = param(27, default=(), doc="level and stages of the net in tests")
    regularization_type: str = param(29, default="L2", doc="L1 or L2")
    solver_type: SolverType | None = param(30, default=None, doc="the old form of type")
    delta: float = param(31, default=1e-8, least=0, doc="what keeps a divisor from 0")
    test_initialization: bool = param(32, default=True, doc="whether the first weights are tested")
    stepvalue: tuple[int, ...] = param(34, default=(), least=0, doc="the iterations of the drops")
    clip_gradients: float = param(35, default=-1.0, doc="the longest gradient; below 0 there is none")
    iter_size: int = param(36, default=1, least=1, doc="batches in an iteration")
    rms_decay: float = param(38, default=0.99, least=0, doc="the share of RMSProp's mean square that goes on")
    momentum2: float = param(39, default=0.999, least=0, doc="the share of Adam's mean square that goes on")
    method: str | None = param(40, name="type", default=None, doc="how weights follow their gradients")

    @property
    def chosen(self) -> str:
        """The method's word; SGD if nothing is said."""
        by_type = {word.upper(): word for word in METHODS}
        return self.method or (by_type[self.solver_type.name] if self.solver_type else "SGD")

    @override
    def problems(self) -> Iterator[Refusal]:
        """What Caffe refuses too, and what the settings themselves find wrong."""
        unknown = [
            *_unknown_word("type", "method", self.chosen, METHODS),
            *_unknown_word("lr_policy", "lr_policy", self.policy, CAFFES_POLICIES),
            *_unknown_word("regularization_type", "regularization_type", self.regularization_type, _DECAYS),
        ]
        yield from unknown
        if self.method is not None and self.solver_type is not None:
            help = "keep type"
            yield Refusal("N872", "type and solver_type both say the method", at="solver_type", help=help)
        if self.net is not None and self.train_net is not None:
            yield Refusal("N872", "net and train_net both name the net", at="train_net", help="keep one of them")
        if not self.only_tests:
            for field in ("base_lr", "lr_policy"):
                if getattr(self, field) is None:
                    help = f"add {field}: {self.params[field].doc}"
                    yield Refusal("N408", f"{field} is missing", help=help, subject=field)
        if not unknown:
            yield from self._misfits(METHODS[self.chosen])
            yield from self._misfits(CAFFES_POLICIES[self.policy])

    @property
    def only_tests(self) -> bool:
        """Whether nothing is trained: Caffe tests the first weights once."""
        return self.max_iter == 0

    @property
    def policy(self) -> str:
        """The word of the policy; whoever only tests needs none."""
        return "fixed" if self.lr_policy is None or self.only_tests else self.lr_policy

    def _misfits(self, kind: type[Method] | type[Policy]) -> Iterator[Refusal]:
        settings = self._settings(kind)
        needed = [name for name, declared in kind.params.items() if declared.required and name not in settings]
        for name in needed:
            field = RENAMED.get(name, name)
            help = f"add {field}: {self.params[field].doc}"
            at = "type" if issubclass(kind, Method) else "lr_policy"
            yield Refusal("N865", f"{self._title(kind)} needs {field}", at=at, help=help, subject=field)
        for refusal in [] if needed else kind(**settings).problems():
            at = RENAMED.get(refusal.at, refusal.at)
            yield Refusal(refusal.code, refusal.message, at=at, help=refusal.help, subject=refusal.subject)
        if issubclass(kind, Method) and "momentum" not in kind.params and self.momentum:
            help = "leave momentum out, or choose SGD or Nesterov"
            yield Refusal("N872", f"{self._title(kind)} has no momentum", at="momentum", help=help)

    def _settings(self, kind: type[Message]) -> dict[str, Any]:
        """What the file says of a method's or policy's settings, in the recipe's types."""
        whole = {
            **self.__dict__,
            "base": self.base_lr or 0.0,
            "length": _iterations(self.max_iter),
            "stepsize": _iterations(self.stepsize),
            "stepvalue": tuple(map(Duration, self.stepvalue)) or None,
            "regularization": Regularization[self.regularization_type],
            "clip_gradients": None if self.clip_gradients < 0 else self.clip_gradients,
        }
        return {name: whole[name] for name in kind.params if whole.get(name) is not None}

    def _title(self, kind: type[Message]) -> str:
        return self.chosen if issubclass(kind, Method) else f"lr_policy {self.policy}"

    def recipe(self) -> Recipe:
        """The recipe, once there are no problems."""
        method, policy = METHODS[self.chosen], CAFFES_POLICIES[self.policy]
        return Recipe(
            iterations=self.max_iter,
            batch=Recipe.params["batch"].default * self.iter_size,
            iter_size=self.iter_size,
            seed=self.random_seed if self.random_seed >= 0 else Recipe.params["seed"].default,
            solver=method(**self._settings(method)),
            lr=policy(**self._settings(policy)),
            test=self._testing(),
        )

    def _testing(self) -> Evaluation:
        """When to test; without an interval Caffe would not, and the end of each epoch stands in."""
        if not self._says_when_to_test:
            return Evaluation()
        batches = self.test_iter[0] if self.test_iter else None
        initial = self.test_initialization or self.only_tests
        return Evaluation(interval=self.test_interval or None, initial=initial, batches=batches)

    @property
    def _says_when_to_test(self) -> bool:
        return (bool(self.test_interval) or self.only_tests) and self.test_iter[:1] != (0,)

    def without_effect(self, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Fields that are given without effect, and why."""
        users = (METHODS, METHODS[self.chosen]), (CAFFES_POLICIES, CAFFES_POLICIES[self.policy])
        for kinds, chosen in users:
            used = {RENAMED.get(name, name) for name in chosen.params}
            others = {RENAMED.get(name, name) for kind in kinds.values() for name in kind.params}
            for name in given:
                if name in others - used - {"max_iter"} and (name != "momentum" or self.momentum):
                    yield name, f"{self._title(chosen)} has none"
        if "random_seed" in given and self.random_seed < 0:
            yield "random_seed", f"without one the seed is {Recipe.params['seed'].default}"
        for name in ("test_iter", "test_interval", "test_initialization"):
            if name in given and not self._says_when_to_test:
                yield name, "Caffe would not test; here a test of all test data comes at the end of each epoch"
        for name in ("test_net", "test_iter", "test_state"):
            if len(getattr(self, name)) > 1 and (name != "test_iter" or self._says_when_to_test):
                yield name, "training is tested with the first net, and netdef evaluate tests the others"


def read_solver(path: Path, report: Report) -> CaffeSolver:
    """What a file says; raises ``NetError`` with all that is wrong, and leaves warnings in the report."""
    source = DISK.open(path, report)
    if source is None:
        raise NetError(report)
    return parse_solver(source, report)


def parse_solver(source: Source, report: Report) -> CaffeSolver:
    """What a text says; raises ``NetError`` with all that is wrong, and leaves warnings in the report."""
    tree = parse(source, report)
    stop_on_errors(report)
    expanded = expand(tree, {}, report)
    unused = {statement.name: statement for statement in reversed(expanded.body) if statement.name in WITHOUT_EFFECT}
    wanted = [each for each in expanded.body if each.name not in unused and each.name not in NETS_WITHIN]
    decoder = Decoder(report, expanded.has_constructs)
    found = decoder.values(CaffeSolver.fields, wanted, "a solver.prototxt")
    _check_policy(expanded.body, found, report)
    solver = None
    if found.is_whole and not report.errors:
        solver = decoder.make(CaffeSolver, found, _head(source, expanded.body))
    stop_on_errors(report)
    assert solver is not None, "what could not be read was reported"
    solver = _with_nets_within(solver, source.path, expanded.body, report)
    stop_on_errors(report)
    labels = [Label(statement.at, WITHOUT_EFFECT[name]) for name, statement in unused.items()]
    names, places = {*unused}, {statement.name: statement.at for statement in wanted}
    for name, why in solver.without_effect(found.values):
        names.add(name)
        labels.append(Label(places[name], why))
    for name, consequence in UNSAID.get(solver.policy, {}).items():
        if name not in found.values:
            message = f"lr_policy {solver.policy} without {name}: Caffe takes 0, {consequence}"
            help = f"add {name}: {CAFFES_POLICIES[solver.policy].params[name].doc}"
            place = Label(places["lr_policy"])
            report.add(Diagnostic("N874", message, place, severity=Severity.WARNING, help=help, subject=name))
    if solver.max_iter is None:
        length = f"netdef train takes {Recipe().length} unless --epochs says how many"
        message, help = f"without max_iter Caffe does not train, and {length}", "add max_iter: the length of training"
        place = Label(_head(source, expanded.body))
        report.add(Diagnostic("N874", message, place, severity=Severity.WARNING, help=help))
    if labels:
        first, *others = sorted(labels, key=lambda label: label.span.start)
        message = f"{listed(sorted(names))} {'has' if len(names) == 1 else 'have'} no effect here"
        report.add(Diagnostic("N871", message, first, tuple(others), severity=Severity.WARNING))
    return solver


def _check_policy(body: Sequence[Plain], found: Values, report: Report) -> None:
    """Name a fork's policy, and what does the same here."""
    fork = FORK_POLICIES.get(found.values.get("lr_policy", ""))
    if fork is not None:
        rates = rates_of(body, found.values.get("base_lr", 0.01), found.values.get("gamma", 0.0))
        message = f'lr_policy "{found.values["lr_policy"]}" is {fork.what}'
        at = Label(found.places["lr_policy"][0])
        report.add(Diagnostic("N862", message, at, help=f"{INSTEAD} {fork.instead(rates)}"))


def _with_nets_within(solver: CaffeSolver, path: str, body: Sequence[Plain], report: Report) -> CaffeSolver:
    """The solver with the nets that stand in it named as other nets are; Caffe takes one net to train."""
    within = {each.name: each for each in body if each.name in NETS_WITHIN}
    named = {name: name_of_net(path, name) for name in within}
    trained = [name for name in ("net", "train_net") if getattr(solver, name)]
    trained += [name for name in ("net_param", "train_net_param") if name in within]
    if len(trained) > 1 and within:
        at = next((each.at for each in within.values()), None)
        message = f"{listed(trained)} both say which net is trained"
        report.add(Diagnostic("N872", message, None if at is None else Label(at), help="keep one of them"))
    return solver.replace(
        net=solver.net or named.get("net_param"),
        train_net=solver.train_net or named.get("train_net_param"),
        test_net=solver.test_net or tuple(named[name] for name in ("test_net_param",) if name in named),
    )


def _unknown_word(field: str, at: str, word: str, known: Mapping[str, object]) -> Iterator[Refusal]:
    if word not in known:
        message = f'{field} takes {" or ".join(known)}, not "{word}"'
        yield Refusal("N862", message, at=at, help=did_you_mean(word, known))


def _iterations(amount: int | None) -> Duration | None:
    return None if amount is None else Duration(amount)


def _head(source: Source, body: tuple[Plain, ...]) -> Span:
    """The place of what a file doesn't say."""
    return body[0].at if body else Span(source, 0, 0)


def listed(names: list[str]) -> str:
    """Some words as a person lists them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
