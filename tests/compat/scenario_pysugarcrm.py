"""pysugarcrm: log in, create alone and by bulk, filter, update, link, count, favorite, metadata, delete, log out."""

import json
import os

from pysugarcrm import APIException, SugarCRM, sugar_api

URL = os.environ["SUGAR_URL"]
USER = os.environ["SUGAR_USERNAME"]
PASSWORD = os.environ["SUGAR_PASSWORD"]

with sugar_api(URL, USER, PASSWORD) as api:
    assert api.me["current_user"]["user_name"] == USER

    account = api.post("/Accounts", json={"name": "Alone Ltd", "industry": "Retail"})
    assert account["name"] == "Alone Ltd" and account["_module"] == "Accounts"

    answers = api.post("/bulk", json={"requests": [
        {"url": "/v10/Contacts", "method": "POST", "data": json.dumps({"last_name": f"Bulk {number}"})}
        for number in range(5)
    ]})
    assert [answer["status"] for answer in answers] == [200] * 5
    contacts = [answer["contents"]["id"] for answer in answers]

    found = api.get("/Contacts", {"filter": json.dumps([{"last_name": {"$starts": "Bulk "}}]), "fields": "last_name",
                                  "order_by": "last_name:DESC", "max_num": 3})
    assert [record["last_name"] for record in found["records"]] == ["Bulk 4", "Bulk 3", "Bulk 2"]
    assert found["next_offset"] == 3
    bracket = api.get("/Contacts", {"filter[0][last_name][$in][]": "Bulk 1"})
    assert len(bracket["records"]) == 1

    changed = api.put(f"/Accounts/{account['id']}", json={"industry": "Banking"})
    assert (changed["industry"], changed["name"]) == ("Banking", "Alone Ltd")

    linked = api.post(f"/Accounts/{account['id']}/link", json={"link_name": "contacts", "ids": contacts})
    assert len(linked["related_records"]) == 5
    assert api.get(f"/Accounts/{account['id']}/link/contacts/count")["record_count"] == 5
    assert api.get(f"/Contacts/{contacts[0]}")["account_name"] == "Alone Ltd"

    assert api.put(f"/Accounts/{account['id']}/favorite")["my_favorite"] is True
    assert api.get("/Accounts", {"favorites": 1})["records"][0]["id"] == account["id"]

    metadata = api.get("/metadata", {"type_filter": "modules", "module_filter": "Accounts"})
    assert metadata["modules"]["Accounts"]["fields"]["name"]["type"] == "name"
    assert api.get("/Cases/enum/priority") == {"P1": "High", "P2": "Medium", "P3": "Low"}

    # This client has no delete of its own but for its low-level request.
    assert api._api_request("DELETE", f"/Accounts/{account['id']}") == {"id": account["id"]}
    assert api.get(f"/Accounts/{account['id']}")["error"] == "not_found"
    assert api.is_closed is False
assert api.is_closed is True

try:
    SugarCRM(URL, USER, "wrong")
except ValueError as error:
    assert "No access token" in str(error)
else:
    raise AssertionError("a wrong password was taken")
assert issubclass(APIException, Exception)
