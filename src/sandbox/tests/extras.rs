//! The calls beside the 22 endpoints (fact sheet 1.7).

use serde_json::json;

use super::site::Site;
use super::site::column;
use super::site::send;

#[tokio::test]
async fn many_records_are_changed_at_once() {
    let site = Site::empty().await;
    let mut ids = Vec::new();
    for name in ["A", "B"] {
        ids.push(site.create("Leads", json!({ "last_name": name })).await);
    }
    ids.push("missing".into());
    let list = site.create("ProspectLists", json!({ "name": "L" })).await;
    let params = json!({ "massupdate_params": { "uid": ids, "status": "Dead", "prospect_lists": [list],
        "team_name": [{ "id": "West" }], "team_name_type": "add" } });
    assert_eq!(
        site.ok("PUT", "Leads/MassUpdate", params).await,
        json!({ "status": "done", "failed": 1 })
    );
    let lead = site.get(&format!("Leads/{}", ids[0])).await;
    assert_eq!(
        (&lead["status"], lead["team_name"].as_array().unwrap().len()),
        (&json!("Dead"), 2)
    );
    assert_eq!(
        site.get(&format!("ProspectLists/{list}/link/leads/count"))
            .await["record_count"],
        2
    );
    let params = json!({ "massupdate_params": { "uid": ids } });
    assert_eq!(
        site.ok("DELETE", "Leads/MassUpdate", params).await["failed"],
        1
    );
    assert_eq!(site.get("Leads/count").await["record_count"], 0);
    assert_eq!(
        site.refused("PUT", "Leads/MassUpdate", json!({})).await,
        (422, "missing_parameter".into())
    );
}

#[tokio::test]
async fn records_are_upserted_by_key() {
    let mut site = Site::empty().await;
    let (status, created) = site
        .call("PATCH", "Accounts/sync_key/k1", json!({ "name": "A" }))
        .await;
    assert_eq!(status, 201);
    let id = created["record"].as_str().unwrap().to_owned();
    let (status, updated) = site
        .call(
            "PUT",
            "Accounts/sync_key/k1?fields=name",
            json!({ "name": "B" }),
        )
        .await;
    assert_eq!((status, &updated["record"]["name"]), (200, &json!("B")));
    let (_, some) = site
        .call(
            "PUT",
            "Accounts/sync_key/k1",
            json!({ "fields": "name,sync_key" }),
        )
        .await;
    let names: Vec<&String> = some["record"].as_object().unwrap().keys().collect();
    let asked = ["_acl", "_module", "date_modified", "id", "name", "sync_key"];
    assert_eq!(names, asked, "those fields and no others");
    let contact = site.create("Contacts", json!({ "last_name": "C" })).await;
    site.ok(
        "PUT",
        &format!("integrate/Contacts/{contact}/sync_key/k2"),
        json!({}),
    )
    .await;
    let tied = json!({ "record": id, "related_record": contact });
    assert_eq!(
        site.ok(
            "POST",
            "Accounts/k1/link_by_sync_keys/contacts/k2",
            json!({})
        )
        .await,
        tied
    );
    let path = "integrate/Accounts/sync_key/k1/link/contacts/sync_key/k2";
    assert_eq!(site.ok("DELETE", path, json!(null)).await, tied);
    assert_eq!(site.ok("POST", path, json!({})).await, tied);
    assert_eq!(
        site.refused(
            "POST",
            "Accounts/k1/link_by_sync_keys/contacts/none",
            json!({})
        )
        .await,
        (422, "invalid_parameter".into())
    );
    assert_eq!(
        site.get("integrate/Accounts/sync_key/k1").await["record"]["name"],
        "B"
    );
    site.ok("DELETE", "integrate/Accounts/sync_key/k1", json!(null))
        .await;
    assert_eq!(
        site.refused("GET", &format!("Accounts/{id}"), json!(null))
            .await
            .0,
        404
    );
    site.token = site.login("sally").await;
    assert_eq!(
        site.refused("PATCH", "Accounts/sync_key/k9", json!({}))
            .await,
        (403, "not_authorized".into())
    );
}

#[tokio::test]
async fn files_go_up_and_come_down() {
    let site = Site::empty().await;
    let note = site.create("Notes", json!({ "name": "N" })).await;
    let form = "--B\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a.txt\"\r\n\
                Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n";
    let upload = |path: String| {
        site.request("POST", &path)
            .header("Content-Type", "multipart/form-data; boundary=B")
            .body(form)
    };
    let (status, answer) = send(upload(format!(
        "Notes/{note}/file/filename?format=sugar-html-json"
    )))
    .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["record"]["filename"], "a.txt");
    assert_eq!(answer["record"]["file_size"], 5);
    let response = site
        .request("GET", &format!("Notes/{note}/file/filename"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.text().await.unwrap(), "hello");
    assert_eq!(
        site.get(&format!("Notes/{note}/file")).await["filename"]["content-length"],
        5
    );
    site.ok(
        "DELETE",
        &format!("Notes/{note}/file/filename"),
        json!(null),
    )
    .await;
    assert_eq!(site.get(&format!("Notes/{note}")).await["filename"], "");

    let (_, waiting) = send(upload("Notes/temp/file/filename".into())).await;
    let fields = json!({ "name": "M", "filename_guid": waiting["filename"]["guid"] });
    assert_eq!(site.ok("POST", "Notes", fields).await["filename"], "a.txt");
    let (status, _) = send(upload(format!("Notes/{note}/file/name?delete_if_fails=1"))).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn changes_of_audited_fields_are_logged() {
    let site = Site::empty().await;
    let id = site
        .create("Cases", json!({ "name": "C", "status": "New" }))
        .await;
    let path = format!("Cases/{id}");
    site.ok(
        "PUT",
        &path,
        json!({ "status": "Closed", "description": "not audited" }),
    )
    .await;
    site.ok("PUT", &path, json!({ "status": "Closed" })).await;
    let log = site.get(&format!("{path}/audit")).await;
    assert_eq!(log["records"].as_array().unwrap().len(), 1);
    let entry = &log["records"][0];
    assert_eq!(
        (&entry["field_name"], &entry["before"], &entry["after"]),
        (&json!("status"), &json!("New"), &json!("Closed"))
    );
    assert_eq!(entry["created_by_username"], "admin");
}

#[tokio::test]
async fn the_rest_of_the_surface_answers() {
    let mut site = Site::demo().await;
    let account = column(&site.get("Accounts?max_num=1").await, "id").remove(0);
    assert_eq!(
        site.ok("POST", &format!("Accounts/{account}/subscribe"), json!([]))
            .await["following"],
        true
    );
    let followed = column(&site.get("me/following").await, "id");
    assert_eq!(followed, std::slice::from_ref(&account));
    let mine = json!({ "filter": [{ "$following": "" }] });
    assert_eq!(
        site.ok("POST", "Accounts/filter/count", mine).await["record_count"],
        1
    );
    assert_eq!(
        site.ok(
            "DELETE",
            &format!("Accounts/{account}/unsubscribe"),
            json!(null)
        )
        .await["following"],
        false
    );

    site.get(&format!("Accounts/{account}?viewed=1")).await;
    let seen = json!({ "filter": [{ "$tracker": "-7 DAY" }] });
    assert_eq!(
        site.ok("POST", "Accounts/filter/count", seen).await["record_count"],
        1
    );

    let lean = site
        .get(&format!(
            "Accounts/{account}/link/contacts/filter/leancount"
        ))
        .await;
    assert_eq!(lean["has_more"], false);
    assert!(
        site.get(&format!("Accounts/{account}/collection/contacts"))
            .await["records"]
            .is_array()
    );
    let name = site.get(&format!("Accounts/{account}")).await["name"].clone();
    let same = site
        .ok("POST", "Accounts/duplicateCheck", json!({ "name": name }))
        .await;
    assert_eq!(column(&same, "id"), [account]);

    let found = site
        .ok(
            "POST",
            "globalsearch",
            json!({ "q": "a", "module_list": "Leads,Contacts", "max_num": 3 }),
        )
        .await;
    assert_eq!(found["records"].as_array().unwrap().len(), 3);
    assert!(found["total"].as_i64().unwrap() > 3);
    assert!(site.get("Leads/globalsearch").await["records"].is_array());
    assert!(site.get("ping/whattimeisit").await.is_string());
    assert!(site.get("metadata/public").await["config"].is_object());
    assert!(site.get("mostactiveusers").await["meetings"]["count"].is_number());

    assert_eq!(
        site.ok(
            "PUT",
            "me/preference/timezone",
            json!({ "value": "Asia/Tokyo" })
        )
        .await["timezone"],
        "Asia/Tokyo"
    );
    assert_eq!(site.get("me/preferences").await["timezone"], "Asia/Tokyo");
    assert!(
        site.get("ping/whattimeisit")
            .await
            .as_str()
            .unwrap()
            .ends_with("+09:00")
    );
    let sudo = site
        .ok("POST", "oauth2/sudo/max", json!({ "platform": "base" }))
        .await;
    site.token = sudo["access_token"].as_str().unwrap().into();
    assert_eq!(site.get("me").await["current_user"]["user_name"], "max");
    assert_eq!(
        site.refused("POST", "oauth2/sudo/admin", json!({})).await,
        (403, "not_authorized".into())
    );
    let words = json!({ "old_password": site.running.password(), "new_password": "other" });
    assert_eq!(site.ok("PUT", "me/password", words).await["valid"], true);
    assert_eq!(site.login_with(json!({ "username": "max" })).await.0, 401);
}
