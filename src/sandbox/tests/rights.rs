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
