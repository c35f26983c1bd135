//! Metadata, lists, the user (fact sheet 1.5, 1.6 and 7).

use serde_json::json;

use super::site::Site;
use super::site::send;

#[tokio::test]
async fn metadata_is_cut_to_what_is_asked() {
    let site = Site::empty().await;
    let all = site.get("metadata").await;
    let keys: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "_hash",
            "full_module_list",
            "modules",
            "modules_info",
            "relationships",
            "server_info"
        ]
    );
    assert_eq!(
        all["modules"]["Contacts"]["fields"]["last_name"]["required"],
        true
    );
    assert_eq!(
        all["modules"]["Contacts"]["fields"]["accounts"]["relationship"],
        "accounts_contacts"
    );
    assert!(
        all["modules"]["Contacts"]["fields"]["_hash"].is_string(),
        "the stray hash"
    );
    assert_eq!(
        all["relationships"]["accounts_contacts"]["join_key_rhs"],
        "contact_id"
    );
    let cut = site
        .get("metadata?type_filter=modules,full_module_list&module_filter=Accounts,Leads")
        .await;
    assert_eq!(cut["modules"].as_object().unwrap().len(), 2);
    assert!(cut.get("server_info").is_none());
    assert_eq!(cut["full_module_list"]["Accounts"], "Accounts");
    assert_eq!(site.get("metadata/_hash").await["_hash"], all["_hash"]);
}

#[tokio::test]
async fn a_stale_hash_is_refused() {
    let site = Site::empty().await;
    let hash = site.get("metadata/_hash").await["_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    for (hash, expected) in [(hash, 200), ("old".to_owned(), 412)] {
        let (status, _) = send(
            site.request("GET", "Accounts")
                .header("X-Metadata-Hash", hash),
        )
        .await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn lists_keep_their_order() {
    let site = Site::empty().await;
    let text = site
        .request("GET", "Opportunities/enum/sales_stage")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        text.starts_with(r#"{"Prospecting":"Prospecting","Qualification":"#),
        "{text}"
    );
    assert_eq!(site.get("Accounts/enum/industry").await[""], "");
    assert_eq!(site.get("Cases/enum/priority").await["P1"], "High");
    for path in [
        "Accounts/enum/name",
        "Accounts/enum/nofield",
        "Nomodule/enum/x",
    ] {
        assert_eq!(
            site.refused("GET", path, json!(null)).await,
            (404, "not_found".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn segments_are_for_administrators() {
    let mut site = Site::empty().await;
    assert!(site.get("metadata/WebLogicHooks/fields").await["fields"]["trigger_event"].is_object());
    site.token = site.login("sally").await;
    assert_eq!(
        site.refused("GET", "metadata/Accounts/fields", json!(null))
            .await,
        (403, "not_authorized".into())
    );
    assert_eq!(
        site.refused("POST", "Users", json!({})).await,
        (403, "not_authorized".into())
    );
}

/// What the fact sheet calls required, in modules where more was.
#[tokio::test]
async fn only_what_is_required_is_called_so() {
    let site = Site::empty().await;
    let metadata = site.get("metadata?type_filter=modules").await;
    for (module, expected) in [
        (
            "Opportunities",
            vec!["amount", "date_closed", "name", "sales_stage"],
        ),
        ("Cases", vec!["name"]),
        ("Tasks", vec!["name"]),
    ] {
        let fields = metadata["modules"][module]["fields"].as_object().unwrap();
        let required: Vec<&String> = fields
            .iter()
            .filter(|(name, field)| *name != "id" && field["required"] == true)
            .map(|(name, _)| name)
            .collect();
        assert_eq!(required, expected, "{module}");
    }
}

#[tokio::test]
async fn me_is_who_logged_in() {
    let mut site = Site::empty().await;
    assert_eq!(site.get("me").await["current_user"]["user_name"], "admin");
    site.token = site.login("sally").await;
    let me = site.get("me").await;
    assert_eq!(me["current_user"]["id"], "seed_sally_id");
    assert_eq!(me["current_user"]["full_name"], "Sally Bronsen");
}

#[tokio::test]
async fn a_bulk_that_knows_other_metadata_is_refused_as_a_whole() {
    let site = Site::empty().await;
    let hash = site.get("metadata/_hash").await["_hash"].clone();
    let body = json!({ "requests": [{ "url": "/v11_5/ping", "method": "GET" }] });
    for (hash, expected) in [(hash.as_str().unwrap(), 200), ("old", 412)] {
        let request = site.request("POST", "bulk").json(&body);
        let (status, _) = send(request.header("X-Metadata-Hash", hash)).await;
        assert_eq!(status, expected);
    }
}
