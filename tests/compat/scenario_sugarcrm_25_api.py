"""sugarcrm-25-api: log in, create alone and by bulk, filter, update, link, count, metadata, files, delete, expiry."""

import os
import pathlib

import requests

os.chdir(os.environ["SCENARIO_DIR"])
pathlib.Path(".env").write_text(
    f"SUGAR_URL={os.environ['SUGAR_URL']}\nSUGAR_PLATFORM=base\n"
    f"SUGAR_USERNAME={os.environ['SUGAR_USERNAME']}\nSUGAR_PASSWORD={os.environ['SUGAR_PASSWORD']}\n"
)

import sugarcrm_25_api as sugar  # noqa: E402  (it reads .env from the working folder)

assert sugar.ping() == {"ping": "pong", "user": "admin"}
assert "Accounts" in sugar.modules() and "_hash" not in sugar.modules()
assert sugar.fields("Contacts")["last_name"] == "varchar"

account = sugar.create_record("Accounts", {"name": "Alone Ltd", "email1": "alone@example.com"})
assert account["email"][0]["email_address"] == "alone@example.com"
assert sugar.update_record("Accounts", account["id"], {"industry": "Energy"})["industry"] == "Energy"

made = sugar.bulk_create("Contacts", [{"last_name": f"Bulk {number:02}"} for number in range(45)], parallel=2, progress=False)
assert made["succeeded"] == 45 and made["failed"] == 0, made
page = sugar.list_records("Contacts", {"last_name": {"$starts": "Bulk"}}, fields=["id", "last_name"], max_num=500,
                          order_by="last_name:ASC")
assert len(page["records"]) == 45 and page["next_offset"] == -1
ids = [record["id"] for record in page["records"]]
moved = sugar.bulk_update("Contacts", [{"id": record, "title": "Director"} for record in ids], progress=False)
assert moved["succeeded"] == 45, moved
assert sugar.get_record("Contacts", ids[0], fields="title")["title"] == "Director"

client = sugar.default_client()
client.relate("Accounts", account["id"], "contacts", ids[0])
assert client.request("GET", f"Accounts/{account['id']}/link/contacts")["records"][0]["id"] == ids[0]
client.unrelate("Accounts", account["id"], "contacts", ids[0])
assert sugar.raw("GET", f"Accounts/{account['id']}/link/contacts/count")["record_count"] == 0
assert sugar.raw("PUT", f"Accounts/{account['id']}/favorite")["my_favorite"] is True

pathlib.Path("price list.txt").write_text("one\ntwo\n")
uploaded = sugar.upload("price list.txt", link=f"accounts:{account['id']}")
assert sugar.get_record("Documents", uploaded["id"])["filename"] == "price list.txt"
assert sugar.raw("GET", f"Accounts/{account['id']}/link/documents")["records"][0]["id"] == uploaded["id"]

# The client gets over a token that expired behind its back.
fault = requests.post(f"{os.environ['SUGAR_URL']}/sandbox/faults", json={"fault": "expire,times=1"}, timeout=10)
assert fault.status_code == 200, fault.text
assert sugar.me()["current_user"]["user_name"] == "admin"

try:
    sugar.get_record("Accounts", "missing")
except sugar.SugarError as error:
    assert "404" in str(error)
else:
    raise AssertionError("a missing record was found")

assert sugar.bulk_delete("Contacts", {"last_name": {"$starts": "Bulk"}})["matched"] == 45
gone = sugar.bulk_delete("Contacts", {"last_name": {"$starts": "Bulk"}}, dry_run=False, progress=False)
assert (gone["deleted"], gone["failed"]) == (45, 0), gone
sugar.delete_record("Accounts", account["id"])
assert sugar.raw("POST", "oauth2/logout") == {"success": True}
