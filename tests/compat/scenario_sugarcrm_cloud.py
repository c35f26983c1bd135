"""sugarcrm-cloud-python: trailing slashes, nulls for whatever is not given, a refresh without platform."""

import os

from sugarcrm_cloud.client import Client

client = Client(os.environ["SUGAR_URL"], "8.3")
token = client.get_token("admin", os.environ["SUGAR_PASSWORD"])
client.set_access_token(token["access_token"])
assert client.me()["current_user"]["user_name"] == "admin"

lead = client.create_lead({"last_name": "Cloud", "status": "New"})
assert client.get_lead(lead["id"])["last_name"] == "Cloud"
found = client.filter_leads([{"last_name": "Cloud"}])
assert [record["id"] for record in found["records"]] == [lead["id"]]
assert len(client.get_contacts()["records"]) == 20
assert client.filter_contacts([{"last_name": {"$starts": "B"}}], max_num=1)["next_offset"] == 1
assert client.get_metadata("Leads")["modules"]["Leads"]["fields"]["status"]["options"] == "lead_status_dom"

renewed = client.refresh_token(token["refresh_token"])
client.set_access_token(renewed["access_token"])
assert client.me()["current_user"]["id"] == "1"
