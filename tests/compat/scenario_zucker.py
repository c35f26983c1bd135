"""zucker: models over the API, which look at every answer closely."""

import os

from zucker import RequestsClient, model

crm = RequestsClient(os.environ["SUGAR_URL"], "admin", os.environ["SUGAR_PASSWORD"], client_platform="base")


class Contact(model.SyncModule, client=crm, api_name="Contacts"):
    first_name = model.StringField()
    last_name = model.StringField()
    lead_source = model.StringField()
    do_not_call = model.BooleanField()


crm.fetch_metadata("full_module_list", "server_info")
assert {"Accounts", "Contacts", "Leads"} <= set(crm.module_names)
assert crm.server_info[0] == "ENT"

contact = Contact(last_name="Zucker", first_name="Ada")
contact.save()
contact.first_name = "Eve"
contact.save()
found = Contact.find(Contact.last_name == "Zucker")
assert len(found) == 1 and found[0].first_name == "Eve"
contact.do_not_call = True
contact.save()
contact.refresh()
assert contact.do_not_call is True
sources = [record.lead_source for record in Contact.find(Contact.lead_source == "Web Site")[:25]]
assert len(sources) > 20 and set(sources) == {"Web Site"}, "more than a page is walked to its end"
contact.delete()
assert len(Contact.find(Contact.last_name == "Zucker")) == 0
crm.close()
