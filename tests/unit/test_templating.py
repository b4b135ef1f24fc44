"""Templates are compiled by a process of their own and taken from it."""

from __future__ import annotations

import marshal

from forum.i18n import languages
from forum.processes.compiling import Compiling
from forum.templating import make_environments, take


def test_what_another_process_has_compiled_is_every_template_and_is_taken() -> None:
    compiled = Compiling().finish()
    take(compiled)
    environments = make_environments({})
    assert set(environments) == set(languages())
    for environment in environments.values():
        names = environment.list_templates(extensions=["html", "txt"])
        assert len(marshal.loads(compiled)) == len(names) > 40  # noqa: S302
        environment.code_generator_class = None  # type: ignore[assignment]  # nothing is left to compile
        for name in names:
            assert environment.get_template(name).name == name
