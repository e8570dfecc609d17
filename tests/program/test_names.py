"""Components and resources of any name that the engine takes."""

from __future__ import annotations

import pytest

from tests.program.stack import Stack, ok


@pytest.mark.parametrize("name", ["team::ci", "a$b::c"])
def test_a_component_whose_name_holds_what_separates_the_parts_of_a_urn_lives_its_whole_life(
    stack: Stack, name: str
) -> None:
    program = stack.folder / "__main__.py"
    program.write_text(program.read_text().replace('JwtBearerAccess("access"', f'JwtBearerAccess("{name}"'))
    ok(stack.up())
    assert stack.outputs()["verified"] is True
    ok(stack.drift())
    ok(stack.up())
    ok(stack.destroy())
