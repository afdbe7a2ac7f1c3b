"""The contract that import-linter does not bring: what begins with an underscore stays inside its package."""

from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output


class InsideContract(Contract):
    """`telemetry.log._store` is imported by modules under `telemetry.log` only, and by tests."""

    type_name = "inside"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Name each import of a private module from outside the package it is private to."""
        intrusions = sorted(
            (importer, module)
            for module in graph.modules
            for importer in graph.find_modules_that_directly_import(module)
            if not _is_a_test(importer) and not all(_is_within(importer, home) for home in _homes(module))
        )
        return ContractCheck(kept=not intrusions, metadata={"intrusions": intrusions})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the intrusions, one a line."""
        for importer, module in check.metadata["intrusions"]:
            output.print_error(f"{importer} reaches into {module}", bold=False)


def _homes(module: str) -> Iterator[str]:
    """Yield the packages to which some part of the module's name is private."""
    parts = module.split(".")
    for depth, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            yield ".".join(parts[:depth])


def _is_a_test(module: str) -> bool:
    """Tests may look inside: a guard has to be switched off where it stands."""
    return "tests" in module.split(".")


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
