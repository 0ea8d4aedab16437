"""What is beside the package: its page, workflows, forms, pinned versions and tools agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import commit_subject, dist

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CI = ROOT / ".github/workflows/ci.yml"
RELEASE = ROOT / ".github/workflows/release.yml"
FORMS = ROOT / ".github/ISSUE_TEMPLATE"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
REPORT = "omni-nb doctor --json"


def read(path: Path | str) -> str:
    return (ROOT / path).read_text("utf-8")


def parsed(path: Path | str) -> dict[str, Any]:
    return yaml.safe_load(read(path))


def triggers(workflow: Path) -> dict[str, Any]:
    return parsed(workflow)[True]  # YAML's older rules, which PyYAML has, take "on" for a yes


def commands(workflow: Path) -> list[str]:
    jobs = parsed(workflow)["jobs"].values()
    return [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]


# The package's page


def test_the_classifiers_are_sorted_and_leave_the_licence_to_the_expression():
    classifiers = PROJECT["classifiers"]
    assert classifiers == sorted(set(classifiers))
    assert PROJECT["license"] == "BSD-3-Clause"
    assert not [name for name in classifiers if name.startswith("License ::")]
    assert len([name for name in classifiers if name.startswith("Development Status ::")]) == 1


def test_the_pythons_on_the_page_are_the_oldest_allowed_to_the_newest_and_all_are_tested():
    prefix = "Programming Language :: Python :: 3."
    minors = [name[len(prefix) :] for name in PROJECT["classifiers"] if name.startswith(prefix)]
    assert tuple(f"3.{minor}" for minor in minors) == PYTHONS
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert parsed(CI)["jobs"]["python"]["strategy"]["matrix"]["python"] == [*PYTHONS]


def test_one_owner_stands_in_every_address_of_the_repository():
    urls = PROJECT["urls"]
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} <= urls.keys()
    places = ["README.md", "SECURITY.md", "CITATION.cff", *FORMS.iterdir()]
    text = "\n".join([*urls.values(), *map(read, places)])
    owners = re.findall(r"(?:github\.com|mybinder\.org/v2/gh)/([\w.-]+)/omni_nb\b", text)
    assert len(set(owners)) == 1
    assert len(owners) > len(urls)


def test_the_paths_in_the_addresses_are_there():
    text = "\n".join([*PROJECT["urls"].values(), *map(read, FORMS.iterdir())])
    paths = re.findall(r"omni_nb/blob/main/([\w./-]+\w)", text)
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_what_is_cited_is_the_newest_release():
    citation = parsed("CITATION.cff")
    newest = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", read("CHANGELOG.md"), re.M)
    assert newest is not None
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], str(citation["date-released"])) == newest.groups()
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]


# What a stranger is asked for


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", FORMS / "bug.yml"])
def test_a_report_is_asked_for_with_the_key_masked(page):
    assert REPORT in read(page)


def test_a_bug_needs_what_happened_what_was_expected_an_example_and_the_report():
    fields = {field["id"]: field for field in parsed(FORMS / "bug.yml")["body"] if "id" in field}
    needed = {
        name for name, field in fields.items() if field.get("validations", {}).get("required")
    }
    assert needed == {"happened", "expected", "example", "doctor"}
    assert REPORT in fields["doctor"]["attributes"]["label"]


def test_the_forms_are_what_github_takes():
    forms = [path for path in FORMS.glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 2
    for form in map(parsed, forms):
        assert {"name", "description", "body"} <= form.keys()
        identifiers = [field["id"] for field in form["body"] if field["type"] != "markdown"]
        assert len(identifiers) == len(set(identifiers))
        assert all(field["attributes"] for field in form["body"])


def test_a_leak_is_reported_in_private():
    private = "/security/advisories/new"
    assert private in read("SECURITY.md")
    links = parsed(FORMS / "config.yml")["contact_links"]
    assert any(link["url"].endswith(private) for link in links)


def test_a_pull_request_is_asked_for_checks_tests_and_a_line_in_the_changelog():
    template = read(".github/pull_request_template.md")
    assert all(word in template for word in ("make check", "make test", "CHANGELOG.md", "fails"))


# The workflows


def test_each_push_and_pull_request_is_checked_and_tested():
    assert {"push", "pull_request"} <= triggers(CI).keys()
    assert {"make check", "make test", "make test-fast SLOW=1"} <= set(commands(CI))
    assert parsed(CI)["concurrency"]["cancel-in-progress"] is True


def test_a_tag_publishes_only_what_has_passed():
    assert triggers(RELEASE) == {"push": {"tags": ["v*"]}}
    assert commands(RELEASE) == ['make dist TAG="$GITHUB_REF_NAME"']
    jobs = parsed(RELEASE)["jobs"]
    assert jobs["tests"] == {"uses": "./.github/workflows/ci.yml"}
    assert "workflow_call" in triggers(CI)
    assert set(jobs["publish"]["needs"]) == {"tests", "dist"}


def test_the_commands_of_the_workflows_are_in_the_makefile():
    lines = "\n".join(commands(CI) + commands(RELEASE))
    called = set(re.findall(r"\bmake ([a-z-]+)", lines))
    assert called
    assert called <= set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))


@pytest.mark.parametrize("workflow", [CI, RELEASE], ids=lambda path: path.stem)
def test_a_workflow_may_read_only_and_knows_no_secret(workflow):
    assert parsed(workflow)["permissions"] == {"contents": "read"}
    assert "secrets" not in read(workflow)
    for name, job in parsed(workflow)["jobs"].items():
        may = {"id-token": "write"} if name == "publish" else None
        assert job.get("permissions") == may, name
        assert job.get("environment") == ("pypi" if may else None), name


@pytest.mark.parametrize("workflow", [CI, RELEASE], ids=lambda path: path.stem)
def test_the_actions_are_pinned_by_their_major_version(workflow):
    used = re.findall(r"uses: *([^./\s]\S*)", read(workflow))
    assert used
    assert [u for u in used if not re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", u)] == []


# The versions that the tests install


def constraints(name: str = "constraints.txt") -> list[str]:
    return [line for line in read(f"tests/{name}").splitlines() if line[:1] != "#"]


def needed_by(*extras: str) -> list[Requirement]:
    """What these extras of ours need by name, and the package itself."""
    of_extras = (line for extra in extras for line in PROJECT["optional-dependencies"][extra])
    found: list[Requirement] = []
    for requirement in map(Requirement, [*PROJECT["dependencies"], *of_extras]):
        if requirement.name == PROJECT["name"]:
            found += needed_by(*requirement.extras)
        else:
            found.append(requirement)
    return found


@pytest.mark.parametrize("name", ["constraints.txt", "lowest.txt"])
def test_a_constraint_is_a_name_and_a_version_and_comes_from_nowhere(name):
    line = re.compile(r"[a-z0-9-]+==[\w.+!]+( ; [\w .'!=<>*()]+)?")
    assert constraints(name)
    assert [given for given in constraints(name) if not line.fullmatch(given)] == []


def versions_on(python: str, name: str = "constraints.txt") -> dict[str, Version]:
    """The one version of each package that a file of constraints has for this Python."""
    here = {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}
    pins = [Requirement(line) for line in constraints(name)]
    ours = [pin for pin in pins if not pin.marker or pin.marker.evaluate(here)]
    versions = {pin.name: Version(next(iter(pin.specifier)).version) for pin in ours}
    assert len(versions) == len(ours)
    return versions


@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_that_the_tests_name_has_one_version_on_each_python(python):
    versions = versions_on(python)
    marked = {"python_version": python}
    needed = [r for r in needed_by("test", "release") if not r.marker or r.marker.evaluate(marked)]
    assert len(needed) > 30
    for requirement in needed:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version), requirement


def test_the_lowest_versions_are_those_that_we_allow():
    lowest = versions_on(PYTHONS[0], "lowest.txt")
    allowed = {
        canonicalize_name(requirement.name): Version(bound.version)
        for requirement in needed_by("test")
        for bound in requirement.specifier
        if bound.operator == ">="
    }
    assert len(allowed) > 30
    assert {name: lowest[name] for name in allowed} == allowed


@pytest.mark.parametrize("name", [".lab", ".test", ".release"])
def test_make_installs_these_versions(name, tmp_path):
    made = ["make", "--no-print-directory", "-n", f"VENV={tmp_path}", str(tmp_path / name)]
    run = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=True)
    (install,) = [line for line in run.stdout.splitlines() if " -e " in line]
    assert " -c tests/constraints.txt " in install


@pytest.mark.parametrize("place", ["Makefile", ".ci/run", "noxfile.py", CI, RELEASE])
def test_nothing_holds_nox_and_binder_to_these_versions(place):
    code = re.sub(r"#.*", "", read(place))
    assert "PIP_CONSTRAINT" not in code


# The tools


@pytest.mark.parametrize(("length", "code"), [(72, 0), (73, 1)])
def test_a_subject_has_72_characters_at_most(length, code, tmp_path, capsys):
    message = tmp_path / "COMMIT_EDITMSG"
    message.write_text(f"{'é' * length}\n\n{'a long line of the body ' * 9}\n", encoding="utf-8")
    assert commit_subject.main(str(message)) == code
    assert ("73 characters" in capsys.readouterr().err) is bool(code)


def test_the_hook_is_a_program_of_its_own(tmp_path):
    message = tmp_path / "message"
    message.write_text("x" * 73)
    hook = [str(ROOT / "tools/commit_subject.py"), str(message)]
    assert subprocess.run(hook, check=False, capture_output=True, cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("# a comment\n\nOne\n\nbody\n", "One"),
        ("One\nand on\n\nbody\n", "One and on"),
        (f"One\n{commit_subject.SCISSORS}\ndiff --git a b\n", "One"),
        ("", ""),
    ],
)
def test_the_subject_is_what_git_takes_for_it(message, subject):
    assert commit_subject.subject_of(message) == subject


def test_a_commit_that_a_rebase_takes_away_may_name_a_long_one():
    assert not commit_subject.refusal(f"fixup! {'x' * 72}")
    assert commit_subject.refusal(f"fixup! {'x' * 73}")


def test_the_hooks_do_what_make_check_looks_for():
    (ours,) = parsed(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for hook in ours["hooks"]}
    assert ours["repo"] == "local"
    assert all(hook["language"] == "system" for hook in hooks.values())
    check = re.search(r"^check:.*\n((?:\t.*\n)+)", read("Makefile"), re.M)
    assert check is not None
    only_looks = r" --(check|verify)\b| \.$| \S+\.ipynb"
    looks = [re.sub(only_looks, "", line) for line in check[1].replace("\t", "").splitlines()]
    for name in ("ruff-format", "ruff-check", "nbstripout"):
        does = hooks[name]["entry"].replace(".venv/bin", "$(BIN)").replace(" --force-exclude", "")
        assert does in looks


def test_a_hook_looks_at_the_subject():
    config = parsed(".pre-commit-config.yaml")
    (subject,) = [h for h in config["repos"][0]["hooks"] if "commit_subject" in h["entry"]]
    assert subject["stages"] == ["commit-msg"]
    assert "commit-msg" in config["default_install_hook_types"]
    assert (ROOT / subject["entry"].split()[-1]).is_file()


TRACKED = ["omni_nb/a.py", "omni_nb/static/p.js", "notebooks/zh/1.ipynb", "tests/b.py", "Makefile"]
LICENCE = "omni_nb-1.dist-info/licenses/LICENSE"
WHEEL = ["omni_nb/a.py", "omni_nb/static/p.js", "omni_nb/tutorials/zh/1.ipynb", LICENCE]


def test_a_wheel_has_the_package_its_data_and_the_tutorials():
    assert dist.wrong_in_wheel(WHEEL, TRACKED) == []


@pytest.mark.parametrize("name", WHEEL)
def test_a_file_that_a_wheel_lacks_is_named(name):
    (wrong,) = dist.wrong_in_wheel([n for n in WHEEL if n != name], TRACKED)
    assert wrong == f"not in the wheel: {name.removeprefix('omni_nb-1.dist-info/licenses/')}"


@pytest.mark.parametrize("name", ["tests/b.py", "omni_nb/notes.txt"])
def test_a_file_that_a_wheel_should_not_have_is_named(name):
    assert dist.wrong_in_wheel([*WHEEL, name], TRACKED) == [f"in the wheel: {name}"]


def test_a_file_of_an_sdist_that_git_does_not_know_is_named():
    names = [f"omni_nb-1/{name}" for name in ("PKG-INFO", "omni_nb/a.py", "key.txt")]
    assert dist.wrong_in_sdist(names, TRACKED) == ["in the sdist, not in git: key.txt"]


def test_a_tag_that_is_not_the_version_builds_nothing(monkeypatch, capsys):
    monkeypatch.setattr(dist, "build", lambda: pytest.fail("something was built"))
    monkeypatch.setattr(sys, "argv", ["dist.py", "--tag", "v0.0.0"])
    assert dist.main() == 1
    assert PROJECT["version"] in capsys.readouterr().err


def test_the_wheel_is_tried_without_a_key():
    mine = {"DASHSCOPE_API_KEY": "sk", "OPENAI_API_KEY": "sk", "OMNI_NB_STAND_IN_PACE": "0"}
    assert dist.without_theirs({**mine, "PATH": "/bin"}) == {"PATH": "/bin"}


# The page on the architecture


def test_the_architecture_names_every_package():
    named = re.findall(r"^\| `(\w+)/` \|", read("docs/architecture.md"), re.M)
    there = {path.parent.name for path in (ROOT / "omni_nb").glob("*/__init__.py")}
    assert there <= set(named)
    assert "architecture.md" in read("mkdocs.yml")
