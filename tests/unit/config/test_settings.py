import subprocess
import sys

import pytest

from rlm_tui.config.settings import Settings, SettingsError, load


@pytest.fixture
def places(tmp_path):
    """A project's folder and a user's file."""
    project = tmp_path / "project"
    project.mkdir()
    return project, tmp_path / "home" / "config.toml"


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def read(places, command_line=None, env=None):
    return load(command_line, env=env or {}, folder=places[0], user_file=places[1])


def test_defaults_without_any_file(places):
    loaded = read(places)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_the_order_of_the_layers(places):
    project, user = places
    write(user, 'model = "of-user"\nsub_model = "of-user"\nmax_depth = 3\nmax_turns = 7\n')
    write(project / "rlm-tui.toml", 'model = "of-project"\nsub_model = "of-project"\nmax_depth = 4\n')
    loaded = read(
        places, {"model": "of-command", "max_cost": None}, {"RLM_TUI_MODEL": "of-env", "RLM_TUI_SUB_MODEL": "of-env"}
    )
    settings, origins = loaded.settings, loaded.origins
    assert (settings.model, origins["model"]) == ("of-command", "command line")
    assert (settings.sub_model, origins["sub_model"]) == ("of-env", "environment (RLM_TUI_SUB_MODEL)")
    assert (settings.max_depth, origins["max_depth"]) == (4, str(project / "rlm-tui.toml"))
    assert (settings.max_turns, origins["max_turns"]) == (7, str(user))
    assert (settings.max_cost, origins["max_cost"]) == (None, "default")


def test_prices_of_all_layers_are_put_together_by_model(places):
    project, user = places
    write(user, '[prices."a/b"]\ninput = 1\noutput = 2\n[prices.c]\ninput = 3\noutput = 4\nwindow = 500\n')
    write(project / "rlm-tui.toml", '[prices."a/b"]\ninput = 10\noutput = 20\ncached = 0.5\n')
    loaded = read(places, env={"RLM_TUI_PRICES": "{d = {input = 5, output = 6}}"})
    assert loaded.settings.price_overrides() == {
        "a/b": {"input": 10, "output": 20, "cached": 0.5},
        "c": {"input": 3, "output": 4, "window": 500},
        "d": {"input": 5, "output": 6},
    }
    assert loaded.origins["prices.a/b"] == str(project / "rlm-tui.toml")
    assert loaded.origins["prices.c"] == str(user)
    assert loaded.origins["prices.d"] == "environment (RLM_TUI_PRICES)"


def test_numbers_come_as_text_from_the_environment(places):
    settings = read(places, env={"RLM_TUI_MAX_COST": "0.5", "RLM_TUI_CONCURRENCY": "3"}).settings
    assert settings.max_cost == 0.5
    assert settings.concurrency == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_cost = -1", "max_cost: should be a number of at least 0, not -1."),
        ('max_depth = "deep"', "max_depth: should be a whole number, not 'deep'."),
        ('glyphs = "emoji"', "glyphs: should be unicode or ascii, not 'emoji'."),
        ('api_base = "localhost:8000"', "api_base: should be an address such as http://127.0.0.1:8000/v1, not 'localhost:8000'."),
        ('api_base = "https://me:hunter2@host/v1"', "api_base: should not hold a password; set the provider's variable instead, such as OPENAI_API_KEY."),
        ('unknown_price = "guess"', "unknown_price: should be allow, refuse, or assume:IN,OUT such as assume:0.5,1.5, not 'guess'."),
        ("[prices.m]\ninput = 1", "prices.m.output: is missing."),
        ("[prices.m]\ninput = -2\noutput = 1", "prices.m.input: should be a number of at least 0, not -2."),
        ("max-depth = 2", "max-depth: unknown setting; did you mean max_depth?"),
        ("zzz = 2", "zzz: unknown setting."),
        ('api_key = "abc"', "api_key: keys don't belong in a file; set the provider's variable instead, such as OPENAI_API_KEY."),
        ('openai_api_key = "abc"', "openai_api_key: keys don't belong in a file; set the provider's variable instead, such as OPENAI_API_KEY."),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_the_key(places, text, said):
    write(places[1], text)
    with pytest.raises(SettingsError) as caught:
        read(places)
    assert str(caught.value) == f"{places[1]}: {said}"


def test_a_wrong_variable_is_named(places):
    with pytest.raises(SettingsError, match=r"^environment \(RLM_TUI_MAX_TURNS\): max_turns: .* not 'many'\.$"):
        read(places, env={"RLM_TUI_MAX_TURNS": "many"})
    with pytest.raises(SettingsError, match=r"^RLM_TUI_PRICES: should be like"):
        read(places, env={"RLM_TUI_PRICES": "free"})


def test_a_wrong_option_is_named(places):
    with pytest.raises(SettingsError, match=r"^command line: max_depth: .* not -1\.$"):
        read(places, {"max_depth": -1})


def test_a_file_that_is_not_toml_is_named_with_the_line(places):
    write(places[1], 'model = "a"\nmax_depth = = 2\n')
    with pytest.raises(SettingsError, match=r"config\.toml is not TOML: .*line 2"):
        read(places)


def test_a_file_that_cannot_be_read(places):
    places[1].mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"Can't read .*config\.toml: Is a directory"):
        read(places)


def test_a_wrong_value_that_is_overridden_does_not_matter(places):
    write(places[1], "max_depth = -3")
    assert read(places, {"max_depth": 2}).settings.max_depth == 2


def test_the_package_loads_no_pydantic():
    code = "import sys, rlm_tui.config, rlm_tui.config.paths\nassert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
