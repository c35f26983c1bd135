//! Roles: by module, action and field.

use serde_json::json;

use super::site::Site;
use super::site::column;
use super::site::send;

const REFUSED: u16 = 403;

#[tokio::test]
async fn a_role_limits_what_a_user_may_do() {
    let mut site = Site::empty().await;
    let account = site
        .create("Accounts", json!({ "name": "A", "annual_revenue": "7" }))
        .await;
    let own = site
        .create(
            "Opportunities",
            json!({ "name": "Own", "assigned_user_id": "seed_guest_id" }),
        )
        .await;
    let other = site
        .create("Opportunities", json!({ "name": "Other" }))
        .await;
    site.token = site.login("guest").await;

    let bean = site.get(&format!("Accounts/{account}")).await;
    assert!(bean.get("annual_revenue").is_none());
    assert_eq!(bean["_acl"]["fields"]["annual_revenue"]["read"], "no");
    assert_eq!(bean["_acl"]["delete"], "no");
    let hidden = json!({ "filter": [{ "annual_revenue": "7" }] });
    assert_eq!(
        site.refused("POST", "Accounts/filter", hidden).await.0,
        REFUSED
    );
    for (method, path, body) in [
        ("POST", "Accounts".to_owned(), json!({ "name": "B" })),
        ("PUT", format!("Accounts/{account}"), json!({ "name": "B" })),
        ("DELETE", format!("Accounts/{account}"), json!(null)),
        (
            "POST",
            format!("Accounts/{account}/link/contacts"),
            json!({ "last_name": "C" }),
        ),
        (
            "PUT",
            "Leads/MassUpdate".to_owned(),
            json!({ "massupdate_params": { "uid": [] } }),
        ),
        ("GET", "Campaigns".to_owned(), json!(null)),
        ("GET", format!("Opportunities/{other}"), json!(null)),
        (
            "PUT",
            format!("Opportunities/{own}"),
            json!({ "probability": 10 }),
        ),
        ("GET", "WebLogicHooks".to_owned(), json!(null)),
    ] {
        let refused = site.refused(method, &path, body).await;
        assert_eq!(
            refused,
            (REFUSED, "not_authorized".into()),
            "{method} {path}"
        );
    }
    assert_eq!(column(&site.get("Opportunities").await, "name"), ["Own"]);
    assert_eq!(
        site.get("search?q=Other").await["records"],
        json!([]),
        "not by a search either"
    );
    let changed = site
        .ok(
            "PUT",
            &format!("Opportunities/{own}"),
            json!({ "name": "Mine" }),
        )
        .await;
    assert_eq!(
        changed["_acl"]["fields"]["probability"],
        json!({ "write": "no", "create": "no" })
    );
    assert!(
        site.get("metadata?type_filter=full_module_list").await["full_module_list"]
            .get("Campaigns")
            .is_none()
    );
    assert_eq!(
        site.get("me").await["current_user"]["roles"],
        json!(["Read only"])
    );
}

#[tokio::test]
async fn roles_can_be_set_while_it_runs() {
    let mut site = Site::empty().await;
    let admin = site.token.clone();
    site.token = site.login("max").await;
    site.create("Accounts", json!({ "name": "A" })).await;
    let roles = json!([{ "name": "No accounts", "users": ["max"], "modules": { "Accounts": { "access": "none" } } }]);
    let url = format!("{}/sandbox/roles", site.running.url());
    assert_eq!(send(site.client.put(&url).json(&roles)).await.0, 200);
    assert_eq!(
        site.refused("GET", "Accounts", json!(null)).await.0,
        REFUSED
    );
    assert_eq!(
        send(site.client.put(&url).json(&json!([{ "nmae": 1 }])))
            .await
            .0,
        422
    );
    site.token = admin;
    assert_eq!(site.get("Accounts/count").await["record_count"], 1);
}

/// Roles under which a direct call is refused, and the side doors to the same records.
#[tokio::test]
async fn what_is_closed_is_closed_at_the_side_doors_too() {
    let mut site = Site::empty().await;
    let contact = site
        .create("Contacts", json!({ "last_name": "Hidden" }))
        .await;
    let lead = site.create("Leads", json!({ "last_name": "Lead" })).await;
    let deal = site
        .create("Opportunities", json!({ "name": "Deal", "amount": "7" }))
        .await;
    let account = site
        .create(
            "Accounts",
            json!({ "name": "A", "annual_revenue": "7", "contacts": { "add": [contact] },
            "opportunities": { "add": [deal] } }),
        )
        .await;
    site.ok(
        "PUT",
        &format!("Accounts/{account}"),
        json!({ "parent_id": "other" }),
    )
    .await;
    let administrator = site.token.clone();
    let jim = site.login("jim").await;
    let near = format!("Accounts/{account}");
    let no_contacts = json!({ "Contacts": { "access": "none" } });
    let no_new_contacts = json!({ "Contacts": { "create": "none" } });
    let no_leads = json!({ "Leads": { "access": "none" } });
    let own_deals = json!({ "Opportunities": { "view": "owner", "list": "owner" } });
    let no_revenue =
        json!({ "Accounts": { "fields": { "annual_revenue": "none", "parent_id": "none" } } });
    for (modules, method, path, body) in [
        (
            &no_contacts,
            "POST",
            "Accounts/filter".to_owned(),
            json!({ "fields": [{ "name": "contacts", "fields": ["last_name"] }] }),
        ),
        (
            &no_contacts,
            "POST",
            "Accounts/filter".to_owned(),
            json!({ "filter": [{ "contacts.last_name": { "$starts": "H" } }] }),
        ),
        (
            &no_contacts,
            "POST",
            "Accounts/filter/count".to_owned(),
            json!({ "filter": [{ "$owner": "contacts" }] }),
        ),
        (
            &no_contacts,
            "GET",
            format!("{near}/link/contacts"),
            json!(null),
        ),
        (
            &no_contacts,
            "GET",
            format!("{near}/link/contacts/{contact}"),
            json!(null),
        ),
        (
            &no_contacts,
            "GET",
            format!("{near}/link/contacts/count"),
            json!(null),
        ),
        (
            &no_contacts,
            "GET",
            "search?q=Hidden&module_list=Contacts".to_owned(),
            json!(null),
        ),
        (
            &no_contacts,
            "GET",
            "globalsearch?q=Hidden&module_list=Contacts".to_owned(),
            json!(null),
        ),
        (
            &no_contacts,
            "DELETE",
            format!("{near}/link/contacts/{contact}"),
            json!(null),
        ),
        (
            &no_contacts,
            "PUT",
            near.clone(),
            json!({ "contacts": { "delete": [contact] } }),
        ),
        (
            &no_new_contacts,
            "POST",
            "Accounts".to_owned(),
            json!({ "name": "x", "contacts": { "create": [{ "last_name": "Sneak" }] } }),
        ),
        (
            &no_new_contacts,
            "POST",
            format!("{near}/link/contacts"),
            json!({ "last_name": "Sneak" }),
        ),
        (
            &no_leads,
            "POST",
            "Accounts".to_owned(),
            json!({ "name": "x", "leads": { "create": [{ "last_name": "Sneak" }] } }),
        ),
        (
            &no_leads,
            "PUT",
            near.clone(),
            json!({ "leads": { "add": [lead] } }),
        ),
        (
            &no_leads,
            "POST",
            format!("{near}/link"),
            json!({ "link_name": "leads", "ids": [lead] }),
        ),
        (
            &own_deals,
            "GET",
            format!("{near}/link/opportunities/{deal}"),
            json!(null),
        ),
        (
            &own_deals,
            "POST",
            format!("{near}/link/opportunities/{deal}"),
            json!({}),
        ),
        (
            &own_deals,
            "PUT",
            near.clone(),
            json!({ "opportunities": { "add": [deal] } }),
        ),
        (
            &no_revenue,
            "GET",
            "Accounts?order_by=annual_revenue".to_owned(),
            json!(null),
        ),
    ] {
        let roles = json!([{ "name": "R", "users": ["jim"], "modules": modules }]);
        let url = format!("{}/sandbox/roles", site.running.url());
        assert_eq!(send(site.client.put(&url).json(&roles)).await.0, 200);
        site.token.clone_from(&jim);
        let refused = site.refused(method, &path, body.clone()).await;
        assert_eq!(
            refused,
            (REFUSED, "not_authorized".into()),
            "{modules}: {method} {path} {body}"
        );
    }
    let changes = site.get(&format!("{near}/audit")).await;
    assert_eq!(column(&changes, "field_name"), [""; 0], "of a hidden field");
    site.token = administrator;
    let changes = site.get(&format!("{near}/audit")).await;
    assert_eq!(column(&changes, "field_name"), ["parent_id"]);
    assert_eq!(site.get("Contacts/count").await["record_count"], 1);
    assert_eq!(site.get("Leads/count").await["record_count"], 1);
    assert_eq!(site.get("Accounts/count").await["record_count"], 1);
}

#[tokio::test]
async fn own_records_are_found_through_links_and_others_are_not() {
    let mut site = Site::empty().await;
    for (name, owner) in [("Mine", "seed_jim_id"), ("Other", "seed_max_id")] {
        let deal = json!({ "name": name, "assigned_user_id": owner });
        site.create(
            "Accounts",
            json!({ "name": name, "opportunities": { "create": [deal] } }),
        )
        .await;
    }
    let roles = json!([{ "name": "R", "users": ["jim"],
        "modules": { "Opportunities": { "list": "owner", "view": "owner" } } }]);
    let url = format!("{}/sandbox/roles", site.running.url());
    assert_eq!(send(site.client.put(&url).json(&roles)).await.0, 200);
    site.token = site.login("jim").await;
    let filter = json!({ "filter": [{ "opportunities.name": { "$not_null": "" } }], "order_by": "name",
        "fields": ["name", { "name": "opportunities", "fields": ["name"] }] });
    let found = site.ok("POST", "Accounts/filter", filter).await;
    assert_eq!(column(&found, "name"), ["Mine"]);
    assert_eq!(
        column(&found["records"][0]["opportunities"], "name"),
        ["Mine"]
    );
    let created = json!({ "name": "New", "opportunities": { "create": [{ "name": "Nobody's" }] } });
    site.ok("POST", "Accounts", created).await;
}
