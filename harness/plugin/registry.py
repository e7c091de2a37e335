"""Load plugins, each in its own guard, and look up what they offer by name."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from harness.core.backbone_spec import BackboneSpec
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError, UnknownName, find_named
from harness.core.job import JobSpec
from harness.core.metric import MetricSpec
from harness.core.registered import Registered
from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
from harness.core.text import first_few, is_text
from harness.core.version import __version__
from harness.models.spec import MethodSpec
from harness.plugin import hookspecs
from harness.plugin.import_file import import_file
from harness.plugin.named import Named
from harness.plugin.own_datasets import reader_for, with_own
from harness.plugin.specs import AnalysisSpec, StudySpec
from harness.system.configuration import read_configuration
from harness.system.folders import config_file
from harness.system.plugin_code import contained
from harness.system.process_state import settings_kept
from harness.system.shared_code import written_by
from harness.system.source_hash import package_sha256, source_sha256, with_build
from harness.video.pipeline import Pipeline

T = TypeVar("T")

NAMED = 3  # replaced functions that an error names

DISTRIBUTION = "dfer-harness"

KINDS: Mapping[str, type] = {
    "datasets": DatasetSpec,
    "methods": MethodSpec,
    "metrics": MetricSpec,
    "backbones": BackboneSpec,
    "samplers": SamplerSpec,
    "augmentations": AugmentationSpec,
    "studies": StudySpec,
    "analyses": AnalysisSpec,
}


@dataclass(frozen=True)
class PluginProblem:
    """Reason why a plugin, or a part of it, is left out; or what else is to be said of it."""

    plugin: str
    reason: str
    left_out: bool = True


@dataclass
class Plugins:
    """The loaded plugins. `files` are those named by `--plugin` or the configuration, which workers load again."""

    manager: pluggy.PluginManager
    problems: list[PluginProblem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    contents: dict[Path, str] = field(default_factory=dict)  # of those files when they were loaded: a hash
    _offers: dict[str, tuple[Any, dict[str, Registered[Any]]]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)  # taken on loading: a file edited later is not what runs
    dataset_names: dict[str, str] = field(default_factory=dict)  # a user's own dataset -> the one that reads it
    distributions: dict[str, str] = field(default_factory=dict)  # plugin -> the package that holds it, and its version

    def add(
        self,
        name: str,
        load: Callable[[], Any],
        distribution: str = "",
    ) -> None:
        """Import and register one plugin; a failure costs that plugin only.

        Args:
            name: by which it is registered.
            load: returns its module or object.
            distribution: the installed package that holds it, and its version.
        """
        if self.manager.has_plugin(name):
            self.problems.append(PluginProblem(name, "another plugin has this name; rename one of them"))
            return
        changes: list[str] = []
        try:
            with contained(), settings_kept(changes):
                plugin = load()
                self.manager.register(plugin, name)
        except Exception as error:
            self.manager.unregister(name=name) if self.manager.has_plugin(name) else None
            self.problems.append(PluginProblem(name, f"{type(error).__name__}: {error}"))
            return
        replaced = [] if ships(name) else list(written_by(getattr(plugin, "__name__", "")))
        if replaced:
            self.manager.unregister(name=name)
            raise HarnessError(
                f"plugin {name} replaces {first_few(replaced, NAMED)} when it is imported, which every job of the "
                f"process shares; it has to call a function of its own instead"
            )
        self.hashes[name] = source_sha256(plugin)
        self.distributions[name] = distribution
        self.problems.extend(lost_hooks(self.manager, plugin, name))
        if changes:
            reason = f"changed {', '.join(changes)} of the process when it was imported, which was put back"
            self.problems.append(PluginProblem(name, reason, left_out=False))

    def add_file(self, path: Path, asked_by: str = "--plugin") -> None:
        """Load a one-file plugin, once, and again where it was edited since, as in a notebook.

        A broken one is reported like any plugin.

        Raises:
            HarnessError: there is no such file, or none that can be read; `asked_by` says where it is named.
        """
        if not path.is_file():
            raise HarnessError(f"{asked_by} {path}: no such file")
        if not is_text(path.name):
            raise HarnessError(f"{asked_by} {path}: the name of a plugin has to be UTF-8; rename the file")
        file = path.resolve()
        try:
            content = sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise HarnessError(f"{asked_by} {path}: cannot be read ({error.strerror})") from error
        if self.contents.get(file) == content:
            return
        if file in self.contents:
            self._unload(path.stem, file)
        self.add(path.stem, lambda: import_file(file))
        self.contents[file] = content
        if file not in self.files:
            self.files.append(file)

    def _unload(self, name: str, file: Path) -> None:
        plugin = self.manager.get_plugin(name)
        if plugin is not None:
            if getattr(plugin, "__file__", None) != str(file):
                return  # of another file, which has the name
            self.manager.unregister(name=name)
        self.problems[:] = [problem for problem in self.problems if problem.plugin != name]

    def add_files(self, paths: Iterable[Path]) -> None:
        """Load one-file plugins, those of `--plugin`."""
        for path in paths:
            self.add_file(path)

    def add_asked(self, paths: Iterable[Path], *, whole: bool = True) -> None:
        """Load the one-file plugins that the user's configuration names, then those of `--plugin`.

        Args:
            paths: those of `--plugin`.
            whole: whether all that those offer has to be there: who names one does not want to go without.

        Raises:
            HarnessError: the configuration is wrong, a file that it or `--plugin` names is not there, or one that
                `--plugin` names has to be left out.
        """
        asked = list(paths)
        configuration = read_configuration()
        self.dataset_names.update(configuration.named)
        for path in configuration.plugin_files:
            self.add_file(path, f"{config_file()}: plugins:")
        self.add_files(asked)
        if whole:
            self._refuse_left_out({path.stem for path in asked})

    def _refuse_left_out(self, names: Collection[str]) -> None:
        for kind in KINDS if names else ():
            self.offers(kind)  # finds the problems that only show when the hooks are called
        reasons = [f"plugin {p.plugin}: {p.reason}" for p in self.problems if p.left_out and p.plugin in names]
        if reasons:
            raise HarnessError("\n".join([*reasons, "it was named by --plugin: mend it, or go without it"]))

    def offers(self, kind: str) -> dict[str, Registered[Any]]:
        """Return everything of one kind by name. The first plugin to offer a name keeps it."""
        loaded = self.manager.list_name_plugin()
        if self._offers.get(kind, ((), {}))[0] != loaded:  # asked for once a job, so the hooks are not called each time
            self._offers[kind] = (loaded, self._find(kind))
        return self._offers[kind][1]

    def _find(self, kind: str) -> dict[str, Registered[Any]]:
        found: dict[str, Registered[Any]] = {}
        expected: Any = KINDS[kind]
        for plugin, spec in self._specs(kind):
            name = plugin_name(self.manager, plugin)
            if not isinstance(spec, expected):
                self._report(name, f"register_{kind} offers {spec!r}, which is not a {expected.__name__}")
            elif isinstance(spec, MethodSpec | AnalysisSpec) and not is_dataclass(spec.options):
                noun = "method" if kind == "methods" else "analysis"
                self._report(name, f"options of {noun} {spec.name!r} are not a dataclass")
            elif not isinstance(spec.name, str) or not spec.name:
                self._report(name, f"register_{kind} offers the name {spec.name!r}; a name is text, and not empty")
            elif spec.name in found:
                taken = found[spec.name].plugin
                self._report(name, f"offers {spec.name!r} in {kind}, which {taken} already offers; left out")
            else:
                found[spec.name] = Registered(
                    spec,
                    name,
                    with_build(self.hashes.get(name, ""), plugin, _code_of(spec)),
                    self.distributions.get(name, ""),
                )
        return found

    def _specs(self, kind: str) -> Iterator[tuple[Any, Any]]:
        caller = getattr(self.manager.hook, f"register_{kind}")
        for impl in caller.get_hookimpls():
            try:
                with contained():
                    specs = list(impl.function() or ())
            except Exception as error:
                self._report(impl.plugin_name, f"register_{kind} failed: {type(error).__name__}: {error}")
                continue
            yield from ((impl.plugin, spec) for spec in specs)

    def _report(self, plugin: str, reason: str) -> None:
        problem = PluginProblem(plugin, reason)
        if problem not in self.problems:
            self.problems.append(problem)


def ships(plugin: str) -> bool:
    """Return whether a plugin of that name comes with the harness."""
    return plugin.startswith("harness_plugins.")


def _code_of(spec: Any) -> Any:
    """Return what a spec has its numbers made by, which may lie outside of its plugin's package."""
    return next((getattr(spec, name) for name in ("build", "pick", "apply") if getattr(spec, name, "")), "")


def lost_hooks(
    manager: pluggy.PluginManager,
    plugin: Any,
    name: str,
) -> list[PluginProblem]:
    """Return hooks of a plugin that would never be called: unmarked, or unknown, each with the closest one known."""
    known = [n for n in vars(hookspecs) if hasattr(getattr(hookspecs, n), f"{hookspecs.NAMESPACE}_spec")]
    problems = []
    for hook in known:
        if callable(getattr(plugin, hook, None)) and manager.parse_hookimpl_opts(plugin, hook) is None:
            problems.append(PluginProblem(name, f"{hook} is not marked as a hook; write @hookimpl above it"))
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            close = difflib.get_close_matches(caller.name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known hooks: {', '.join(known)}"
            problems.append(PluginProblem(name, f"unknown hook {caller.name!r}; {hint}"))
    return problems


def built_in() -> Iterator[str]:
    """Yield module names of the plugins that ship with the harness: one per file or folder of each kind."""
    import harness_plugins

    for kind in pkgutil.iter_modules(harness_plugins.__path__, "harness_plugins."):
        if kind.name.endswith(".trackers"):
            continue  # loaded when a run asks for them
        package = importlib.import_module(kind.name)
        yield from (m.name for m in pkgutil.iter_modules(package.__path__, f"{kind.name}."))


_loaded: Plugins | None = None


def plugins() -> Plugins:
    """Return the plugins of this process, loaded on first use: built-in ones, then those of entry points."""
    global _loaded
    if _loaded is None:
        manager = pluggy.PluginManager(hookspecs.NAMESPACE)
        manager.add_hookspecs(hookspecs)
        _loaded = Plugins(manager)
        for name in built_in():
            own = f"{DISTRIBUTION} {__version__}"
            _loaded.add(name, lambda name=name: importlib.import_module(name), own)  # type: ignore[misc]
        for entry in importlib.metadata.entry_points(group=hookspecs.NAMESPACE):
            found = f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""
            _loaded.add(entry.name, entry.load, found)
    return _loaded


def methods() -> dict[str, MethodSpec]:
    """Return all methods by name."""
    return {name: offer.spec for name, offer in plugins().offers("methods").items()}


def datasets() -> dict[str, DatasetSpec]:
    """Return every dataset by name: what plugins offer, then those that a user has named."""
    return with_own(offered_datasets(), plugins().dataset_names)


def offered_datasets() -> dict[str, DatasetSpec]:
    """Return every dataset that a plugin offers, by name."""
    return {name: offer.spec for name, offer in plugins().offers("datasets").items()}


def name_dataset(name: str, reader: str = "") -> DatasetSpec:
    """Give a dataset of one's own a name, for this process. Raises: HarnessError for one that is taken or a slip."""
    reader = reader or plugins().dataset_names.get(name, "")
    plugins().dataset_names[name] = reader_for(name, reader, offered_datasets())
    return dataset(name)


def metrics() -> dict[str, MetricSpec]:
    """Return every metric by name."""
    return {name: offer.spec for name, offer in plugins().offers("metrics").items()}


def dataset(name: str) -> DatasetSpec:
    """Return the dataset of that name. Raises: UnknownName, with the closest one."""
    return _named("dataset", datasets(), name)


def method(name: str) -> Registered[MethodSpec]:
    """Return the method of that name, with the plugin it came from. Raises: UnknownName, with the closest one."""
    return _named("method", plugins().offers("methods"), name)


def _named(
    kind: str,
    known: Mapping[str, T],
    name: str,
) -> T:
    """Return what has that name. Raises: UnknownName, with the closest one and what was left out of plugins."""
    try:
        return find_named(kind, known, name)
    except UnknownName as error:
        problems = [f"plugin {problem.plugin}: {problem.reason}" for problem in plugins().problems]
        raise UnknownName("\n".join([str(error), *problems])) from None


def named(job: JobSpec) -> Named:
    """Look up what a job names. Raises: UnknownName, with the closest one."""
    return Named(
        dataset=dataset(job.dataset),
        method=method(job.method),
        metrics=metrics(),
        backbones=backbones(),
        pipeline=pipeline(),
    )


def running_code() -> dict[str, str]:
    """Return the hash of the source of the harness and of each loaded plugin, by which two processes are compared."""
    packages = {name: package_sha256(name) for name in ("harness", "harness_plugins")}
    loaded = {name: sha256 for name, sha256 in plugins().hashes.items() if plugins().manager.has_plugin(name)}
    built = {}
    for kind in ("methods", "backbones", "samplers", "augmentations"):
        built.update({name: offer.source_sha256 for name, offer in plugins().offers(kind).items()})
    return {**packages, **built, **loaded}


def method_sources() -> dict[str, str]:
    """Return the hash of the source of each method's plugin, by method."""
    return {name: offer.source_sha256 for name, offer in plugins().offers("methods").items()}


def backbones() -> dict[str, Registered[BackboneSpec]]:
    """Return every registered backbone by name; any other name is open_clip's business."""
    return plugins().offers("backbones")


def pipeline() -> Pipeline:
    """Return every registered sampler and augmentation by name."""
    offers = plugins().offers
    return Pipeline(
        {name: offer.spec for name, offer in offers("samplers").items()},
        {name: offer.spec for name, offer in offers("augmentations").items()},
    )


def plugin_name(manager: pluggy.PluginManager, plugin: Any) -> str:
    """Return the name a plugin was registered under."""
    return manager.get_name(plugin) or type(plugin).__name__
