import pytest

from rlm_tui.engine.providers.redact import one_line, redact, secrets_of


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcdef1234567890ABCD.",
        "key sk-proj-abc_DEF-1234567890 is wrong",
        "Incorrect API key provided: sk-abc***********7890",
        "Authorization: Bearer abcdef1234567890abcdef",
        "https://host/v1?key=AIzaSyA1234567890abcdefghijklmnopqrs&alt=json",
        "x-api-key: 0123456789abcdef",
        "token gsk_1234567890abcdefABCDEF",
        "https://user:hunter2secret@proxy.example/v1",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_the_forms_of_keys_are_masked(text):
    shown = redact(text)
    assert "[key]" in shown
    for secret in ("abcdef123", "1234567890", "0123456789abcdef", "hunter2", "IOSFODNN", "***"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "the model gpt-5-mini does not exist",
        "maximum context length is 8192 tokens",
        "a task-list of sky-blue things",
        "OPENAI_API_KEY is not set",
        "the ring bearer walked",
        "http://127.0.0.1:8000/v1 refused the connection",
    ],
)
def test_ordinary_text_stays(text):
    assert redact(text) == text


def test_values_of_secret_variables_are_masked_whatever_their_form(tmp_path):
    env = {
        "MY_API_KEY": "a-very-plain-value",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
        "HOME": "/home/somebody",
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path),
        "SHORT_KEY": "abc",
        "RLM_TUI_KEYMAP": "something-long",
        "TOKENIZERS_PARALLELISM": "something-else",
        "KEY_2": "the-second-of-them",
    }
    found = secrets_of(env)
    assert sorted(found) == ["a-very-plain-value", "the-second-of-them", "wJalrXUtnFEMI/K7MDENG"]
    assert redact("got a-very-plain-value from /home/somebody", found) == "got [key] from /home/somebody"


def test_a_key_that_was_made_up_is_not_cut_out_of_words():
    assert (
        redact("check the network: k was refused (key=k).", ["k"])
        == "check the network: [key] was refused (key=[key])."
    )
    assert redact("the key is $x", ["$x"]) == "the key is [key]"


def test_one_line_drops_tracebacks_and_control_characters():
    text = "It\tbroke\x1b[31m\nbadly\nTraceback (most recent call last):\n  File ..."
    assert one_line(text) == "It broke [31m badly"
    assert len(one_line("x" * 1000, 50)) == 50
