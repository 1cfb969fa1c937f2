import pytest

from tests.api.rows import published_row

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
WATCH = """addEventListener('securitypolicyviolation', event =>
    console.error('policy:', event.violatedDirective, event.blockedURI, event.sourceFile))"""


def test_the_description_is_drawn_from_here_and_from_nowhere_else(live_server, chromium):
    row = published_row()
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    errors, asked = [], []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{live_server.url}/api/v1/docs/")
    operation = page.locator("#operations-incidents-incidents_list")
    operation.wait_for()
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response-col_description")
    answer.get_by_text(row.ref).first.wait_for()

    assert errors == []
    assert [u for u in asked if not u.startswith((live_server.url, "data:", "blob:"))] == []
    assert context.cookies() == []
    page.close()


def test_only_the_description_may_carry_styles_inline(client):
    assert (
        "style-src 'self' 'unsafe-inline'"
        in client.get("/api/v1/docs/")["Content-Security-Policy"]
    )
    policy = client.get("/api/v1/problems/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
