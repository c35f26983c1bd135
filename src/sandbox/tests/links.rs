//! Links (fact sheet 1.3, 4.3 and 9).

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::column;

#[tokio::test]
async fn linking_goes_both_ways_and_back() {
    let site = Site::empty().await;
    let account = site.create("Accounts", json!({ "name": "A" })).await;
    let contact = site.create("Contacts", json!({ "last_name": "C" })).await;
    let path = format!("Accounts/{account}/link/contacts/{contact}");
    let answer = site.ok("POST", &path, json!({})).await;
    assert_eq!(answer["record"]["id"], account);
    assert_eq!(answer["related_record"]["account_name"], "A");
    assert_eq!(
        column(
            &site.get(&format!("Contacts/{contact}/link/accounts")).await,
            "name"
        ),
        ["A"]
    );
    assert_eq!(
        site.get(&format!("Accounts/{account}/link/contacts/count"))
            .await["record_count"],
        1
    );
    assert_eq!(site.get(&path).await["last_name"], "C");
    let answer = site.ok("DELETE", &path, json!(null)).await;
    assert_eq!(answer["related_record"]["account_name"], "");
    assert_eq!(
        site.refused("DELETE", &path, json!(null)).await,
        (404, "not_found".into())
    );
}

/// What `campaigns` leads to is the log; the campaign that a record came from is behind a link of its own.
#[tokio::test]
async fn campaigns_are_reached_from_who_they_reach() {
    let site = Site::empty().await;
    let metadata = site.get("metadata?type_filter=modules,relationships").await;
    let leads_to = |module: &str, link: &str| {
        let field = &metadata["modules"][module]["fields"][link];
        assert_eq!(field["type"], "link", "{module}.{link}");
        let name = field["relationship"].as_str().unwrap();
        let relationship = &metadata["relationships"][name];
        let sides = ["lhs_module", "rhs_module"].map(|side| relationship[side].as_str().unwrap());
        sides.into_iter().find(|side| *side != module).unwrap()
    };
    for (module, link, target) in [
        ("Accounts", "campaigns", "CampaignLog"),
        ("Contacts", "campaigns", "CampaignLog"),
        ("Leads", "campaigns", "CampaignLog"),
        ("Opportunities", "campaigns", "CampaignLog"),
        ("Accounts", "campaign_accounts", "Campaigns"),
        ("Contacts", "campaign_contacts", "Campaigns"),
        ("Leads", "campaign_leads", "Campaigns"),
        ("Opportunities", "campaign_opportunities", "Campaigns"),
        ("Opportunities", "campaign_link", "Campaigns"),
        ("Campaigns", "log_entries", "CampaignLog"),
        ("Campaigns", "tracked_urls", "CampaignTrackers"),
        ("Notes", "emails", "Emails"),
    ] {
        assert_eq!(leads_to(module, link), target, "{module}.{link}");
    }
    let [campaign, contact] = [
        site.create("Campaigns", json!({ "name": "Fair" })).await,
        site.create("Contacts", json!({ "last_name": "C" })).await,
    ];
    let entry = json!({ "campaign_id": campaign, "activity_type": "targeted" });
    let path = format!("Contacts/{contact}/link/campaigns");
    site.ok("POST", &path, entry).await;
    let seen = site
        .get(&format!("Campaigns/{campaign}/link/log_entries"))
        .await;
    assert_eq!(column(&seen, "target_id"), [contact.as_str()]);
}

#[tokio::test]
async fn a_second_account_replaces_the_first() {
    let site = Site::empty().await;
    let [first, second] = [
        site.create("Accounts", json!({ "name": "1" })).await,
        site.create("Accounts", json!({ "name": "2" })).await,
    ];
    let contact = site
        .create("Contacts", json!({ "last_name": "C", "account_id": first }))
        .await;
    site.ok(
        "POST",
        &format!("Accounts/{second}/link/contacts/{contact}"),
        json!({}),
    )
    .await;
    assert_eq!(
        site.get(&format!("Contacts/{contact}")).await["account_id"],
        second
    );
    assert_eq!(
        site.get(&format!("Accounts/{first}/link/contacts")).await["records"],
        json!([])
    );
    let cleared = site
        .ok(
            "PUT",
            &format!("Contacts/{contact}"),
            json!({ "account_id": "" }),
        )
        .await;
    assert_eq!(cleared["account_id"], "");
    let back = site
        .ok(
            "PUT",
            &format!("Contacts/{contact}"),
            json!({ "account_id": first }),
        )
        .await;
    assert_eq!(back["account_name"], "1");
}

#[tokio::test]
async fn many_are_linked_with_columns() {
    let site = Site::empty().await;
    let opportunity = site.create("Opportunities", json!({ "name": "O" })).await;
    let mut ids = Vec::new();
    for name in ["A", "B"] {
        ids.push(site.create("Contacts", json!({ "last_name": name })).await);
    }
    let path = format!("Opportunities/{opportunity}/link");
    let body =
        json!({ "link_name": "contacts", "ids": [ids[0], { "id": ids[1], "role": "Influencer" }] });
    let answer = site.ok("POST", &path, body.clone()).await;
    assert_eq!(answer["record"]["id"], opportunity);
    assert_eq!(answer["related_records"].as_array().unwrap().len(), 2);
    assert_eq!(
        site.ok("POST", &format!("{path}/contacts"), body).await["related_records"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let role = |bean: Value| bean["contact_role"].clone();
    let one = format!("{path}/contacts/{}", ids[1]);
    assert_eq!(
        role(site.get(&one).await),
        "Influencer",
        "the relation's columns stand in the related record"
    );
    site.ok("PUT", &one, json!({ "contact_role": "Other" }))
        .await;
    let list = site
        .get(&format!(
            "{path}/contacts?order_by=last_name:desc&fields=id"
        ))
        .await;
    assert_eq!(role(list["records"][0].clone()), "Other");
    let none = json!({ "link_name": "contacts", "ids": [ids[0], "missing"] });
    assert_eq!(
        site.refused("POST", &path, none).await,
        (404, "not_found".into())
    );
    assert_eq!(
        site.refused("POST", &path, json!({ "ids": [] })).await,
        (422, "missing_parameter".into())
    );
    assert_eq!(
        site.refused("POST", &path, json!({ "link_name": "contactz", "ids": [] }))
            .await,
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn related_records_are_created_under_their_parent() {
    let site = Site::empty().await;
    let account = site.create("Accounts", json!({ "name": "A" })).await;
    let answer = site
        .ok(
            "POST",
            &format!("Accounts/{account}/link/cases"),
            json!({ "name": "Broken" }),
        )
        .await;
    assert_eq!(answer["related_record"]["account_id"], account);
    let answer = site
        .ok(
            "POST",
            &format!("Accounts/{account}/link/notes"),
            json!({ "name": "Note" }),
        )
        .await;
    assert_eq!(answer["related_record"]["parent_type"], "Accounts");
    assert_eq!(answer["related_record"]["parent_name"], "A");
    assert_eq!(
        site.refused("POST", "Accounts/none/link/cases", json!({ "name": "x" }))
            .await,
        (404, "not_found".into())
    );
    assert_eq!(
        site.get("Cases/count").await["record_count"],
        1,
        "a refused create leaves nothing"
    );
}

#[tokio::test]
async fn bodies_carry_link_actions() {
    let site = Site::empty().await;
    let old = site.create("Contacts", json!({ "last_name": "Old" })).await;
    let account = site
        .ok(
            "POST",
            "Accounts",
            json!({ "name": "A", "contacts": { "add": [old],
            "create": [{ "last_name": "New", "cases": { "create": [{ "name": "Nested" }] } }] } }),
        )
        .await;
    let id = account["id"].as_str().unwrap();
    let path = format!("Accounts/{id}/link/contacts?order_by=last_name");
    assert_eq!(column(&site.get(&path).await, "last_name"), ["New", "Old"]);
    assert_eq!(site.get("Cases/count").await["record_count"], 1);
    site.ok(
        "PUT",
        &format!("Accounts/{id}"),
        json!({ "contacts": { "delete": [old] } }),
    )
    .await;
    assert_eq!(column(&site.get(&path).await, "last_name"), ["New"]);
    let bad = json!({ "name": "B", "contacts": { "add": ["missing"] } });
    assert_eq!(site.refused("POST", "Accounts", bad).await.0, 404);
    assert_eq!(
        site.get("Accounts/count").await["record_count"],
        1,
        "the failed call is undone"
    );
}

#[tokio::test]
async fn members_are_the_children_of_an_account() {
    let site = Site::empty().await;
    let parent = site.create("Accounts", json!({ "name": "Parent" })).await;
    let child = site
        .create("Accounts", json!({ "name": "Child", "parent_id": parent }))
        .await;
    assert_eq!(
        site.get(&format!("Accounts/{child}")).await["parent_name"],
        "Parent"
    );
    assert_eq!(
        column(
            &site.get(&format!("Accounts/{parent}/link/members")).await,
            "name"
        ),
        ["Child"]
    );
    assert_eq!(
        column(
            &site.get(&format!("Accounts/{child}/link/member_of")).await,
            "name"
        ),
        ["Parent"]
    );
    site.ok(
        "DELETE",
        &format!("Accounts/{child}/link/member_of/{parent}"),
        json!(null),
    )
    .await;
    assert_eq!(
        site.get(&format!("Accounts/{child}")).await["parent_id"],
        ""
    );
}

#[tokio::test]
async fn links_lead_into_reads() {
    let site = Site::demo().await;
    let list = site.get("Accounts?max_num=1&fields=name,{\"name\":\"contacts\",\"fields\":[\"last_name\"],\"max_num\":1}").await;
    let contacts = &list["records"][0]["contacts"];
    assert_eq!(contacts["records"].as_array().unwrap().len(), 1);
    assert_eq!(contacts["next_offset"], 1);
}
