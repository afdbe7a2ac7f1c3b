"""Our code reads nothing that Stripe took away, and trusts nothing that it did not sign."""

import ast
from collections.abc import Iterator
from pathlib import Path

import donations

ROOT = Path(donations.__file__).parent
#: By what the object is called: what is no longer there (API 2025-03-31.basil and later).
REMOVED = {
    "invoice": {"subscription", "charge", "payment_intent", "paid"},
    "inv": {"subscription", "charge", "payment_intent", "paid"},
    "sub": {"current_period_start", "current_period_end"},
    "subscription": {"current_period_start", "current_period_end"},
    "charge": {"invoice"},
    "intent": {"invoice", "charges"},
    "payment_intent": {"invoice", "charges"},
}
#: `seen.py` calls all that it reads `body`: by the class that reads it.
READ_BY = {"InvoiceSeen": "invoice", "SubscriptionSeen": "subscription", "ChargeSeen": "charge"}
#: The modules that see Stripe's objects themselves.
RAW = ("gateway.py", "seen.py", "inbox.py", "signatures.py", "development/")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        if "tests" not in path.parts and "migrations" not in path.parts:
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def reads(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """What is read of a name: as an attribute, by a key, by `get`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=field):
                yield name, field, node.lineno
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field))):
                yield name, field, node.lineno
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(field)), *_],
            ):
                yield name, field, node.lineno


def test_nothing_is_read_that_stripe_removed():
    found = [
        f"{path}:{line} {name}.{field}"
        for path, tree in modules()
        if path.startswith(RAW)
        for name, field, line in reads(tree)
        if field in REMOVED.get(name, ())
    ]

    assert found == []


def test_what_is_read_of_a_body_is_there():
    seen = ast.parse((ROOT / "seen.py").read_text())
    classes = {node.name: node for node in seen.body if isinstance(node, ast.ClassDef)}
    read = {
        name: {field for of, field, _ in reads(classes[name]) if of == "body"} for name in sorted(READ_BY)
    }

    assert all(read.values())
    assert not any(fields & REMOVED[READ_BY[name]] for name, fields in read.items())


def test_no_event_is_built_without_looking_at_its_signature():
    builders = {"construct_from", "construct_event_without_verification"}
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in builders
    ]

    assert found == []


def test_one_module_talks_to_stripe():
    importers = {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "stripe" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "stripe")
    }

    # One more reads signatures; the offline one is what is talked to.
    assert importers <= {"gateway.py", "signatures.py", "development/client.py", "development/telling.py"}


def test_the_search_finds_what_it_looks_for():
    code = "invoice.subscription\ninvoice['charge']\nsubscription.get('current_period_end')"

    assert [field for _, field, _ in reads(ast.parse(code))].count("subscription") == 1
    assert {(name, field) for name, field, _ in reads(ast.parse(code))} >= {
        ("invoice", "subscription"),
        ("invoice", "charge"),
        ("subscription", "current_period_end"),
    }
