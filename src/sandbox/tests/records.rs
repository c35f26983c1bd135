//! Records: shapes, laxness, ids, conflicts (fact sheet 1.1, 4 and 5).

use serde_json::json;

use super::site::Site;
use super::site::column;
use super::site::send;
use crate::sandbox::ClientIds;
use crate::sandbox::Config;
use crate::sandbox::Demo;

#[tokio::test]
async fn a_record_lives_through_create_read_update_delete() {
    let site = Site::empty().await;
    let created = site
        .ok(
            "POST",
            "Accounts",
            json!({ "name": "Nelson Inc", "industry": "Retail" }),
        )
        .await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(created["_module"], "Accounts");
    assert_eq!(created["_acl"], json!({ "fields": {} }));
    assert_eq!(created["created_by_name"], "Administrator");
    assert_eq!(created["deleted"], false);
    assert_eq!(created["annual_revenue"], "");
    assert_eq!(created["following"], false);
    assert!(
        created["date_modified"]
            .as_str()
            .unwrap()
            .ends_with("+00:00")
    );
    assert_eq!(
        created,
        site.get(&format!("Accounts/{id}")).await,
        "the answer is what a GET shows"
    );

    let updated = site
        .ok(
            "PUT",
            &format!("Accounts/{id}"),
            json!({ "industry": "Banking" }),
        )
        .await;
    assert_eq!(
        (&updated["name"], &updated["industry"]),
        (&json!("Nelson Inc"), &json!("Banking"))
    );

    assert_eq!(
        site.ok("DELETE", &format!("Accounts/{id}"), json!(null))
            .await,
        json!({ "id": id })
    );
    let gone = (404, "not_found".to_owned());
    assert_eq!(
        site.refused("GET", &format!("Accounts/{id}"), json!(null))
            .await,
        gone
    );
    assert_eq!(
        site.refused("PUT", &format!("Accounts/{id}"), json!({}))
            .await,
        gone
    );
    assert_eq!(
        site.refused("DELETE", &format!("Accounts/{id}"), json!(null))
            .await,
        gone
    );
}

#[tokio::test]
async fn sugar_does_not_check() {
    let site = Site::empty().await;
    let account = site
        .ok(
            "POST",
            "Accounts",
            json!({ "nmae": "typo", "industry": "No such thing", "team_name_collection_0": "x",
            "ticker_symbol": "longer than ten", "_link": "x", "modified_user_id": "seed_max_id" }),
        )
        .await;
    assert_eq!(account["name"], "", "nothing required is asked for");
    assert_eq!(account["industry"], "No such thing");
    assert_eq!(
        account["ticker_symbol"], "longer tha",
        "too long text is cut"
    );
    assert_eq!(
        account["modified_user_id"], "1",
        "what is readonly is dropped"
    );
    assert!(account.get("nmae").is_none());
    let lead = site.ok("POST", "Leads", json!([])).await;
    assert_eq!(lead["status"], "New", "defaults are filled in");
}

#[tokio::test]
async fn values_have_the_shape_of_their_type() {
    let site = Site::empty().await;
    let opportunity = site
        .ok(
            "POST",
            "Opportunities",
            json!({ "name": "Deal", "amount": "100.00", "best_case": 25000.5,
            "date_closed": "2026-03-01", "probability": "90", "assigned_user_id": "seed_max_id" }),
        )
        .await;
    assert_eq!(opportunity["amount"], "100");
    assert_eq!(opportunity["best_case"], "25000.5");
    assert_eq!(opportunity["date_closed"], "2026-03-01");
    assert_eq!(opportunity["probability"], "90");
    assert_eq!(opportunity["currency_id"], "-99");
    assert_eq!(opportunity["assigned_user_name"], "Max Jensen");
    let call = site
        .ok("POST", "Calls", json!({ "name": "Ring", "date_start": "2026-03-01T10:00:00-05:00", "portal_viewable": "1" }))
        .await;
    assert_eq!(call["date_start"], "2026-03-01T15:00:00+00:00");
    let contact = site
        .ok(
            "POST",
            "Contacts",
            json!({ "first_name": "Ann", "last_name": "Other", "do_not_call": "1" }),
        )
        .await;
    assert_eq!(contact["full_name"], "Ann Other");
    assert_eq!(contact["name"], "Ann Other");
    assert_eq!(contact["do_not_call"], true);
    assert_eq!(contact["team_name"][0]["id"], "1");
    let case = site.ok("POST", "Cases", json!({ "name": "First" })).await;
    let next = site
        .ok(
            "POST",
            "Cases",
            json!({ "name": "Second", "case_number": 99 }),
        )
        .await;
    assert_eq!(
        next["case_number"].as_i64().unwrap(),
        case["case_number"].as_i64().unwrap() + 1
    );
    assert_eq!(
        site.refused("POST", "Calls", json!({ "date_start": "soon" }))
            .await,
        (422, "invalid_parameter".into())
    );
}

#[tokio::test]
async fn times_are_printed_in_the_zone_of_the_user() {
    let mut site = Site::empty().await;
    let id = site
        .create(
            "Meetings",
            json!({ "name": "M", "date_start": "2026-01-10T12:00:00Z" }),
        )
        .await;
    site.token = site.login("max").await;
    let meeting = site.get(&format!("Meetings/{id}")).await;
    assert_eq!(meeting["date_start"], "2026-01-10T13:00:00+01:00");
}

#[tokio::test]
async fn email_addresses_go_in_by_collection_and_by_shortcut() {
    let site = Site::empty().await;
    let id = site
        .create(
            "Contacts",
            json!({ "last_name": "A", "email1": "a@example.com" }),
        )
        .await;
    let path = format!("Contacts/{id}");
    let expected = json!([{ "email_address": "a@example.com", "opt_out": false, "invalid_email": false,
        "primary_address": true, "reply_to_address": false }]);
    assert_eq!(site.get(&path).await["email"], expected);
    let emails = json!([{ "email_address": "b@example.com", "opt_out": "1" },
        { "email_address": "c@example.com", "primary_address": true }]);
    let contact = site.ok("PUT", &path, json!({ "email": emails })).await;
    assert_eq!(contact["email1"], "c@example.com");
    assert_eq!(contact["email"][0]["opt_out"], true);
    let contact = site
        .ok("PUT", &path, json!({ "email1": "d@example.com" }))
        .await;
    assert_eq!(contact["email1"], "d@example.com");
    assert_eq!(
        contact["email"].as_array().unwrap().len(),
        2,
        "the other address stays"
    );
    assert_eq!(
        site.ok("PUT", &path, json!({ "email1": "" })).await["email1"],
        ""
    );
}

#[tokio::test]
async fn tags_and_teams_are_collections() {
    let site = Site::empty().await;
    let account = site
        .ok(
            "POST",
            "Accounts",
            json!({ "name": "A", "tag": ["Mutants", "VIP"] }),
        )
        .await;
    assert_eq!(account["tag"][0]["name"], "Mutants");
    let path = format!("Accounts/{}", account["id"].as_str().unwrap());
    let account = site.ok("PUT", &path, json!({ "tag": ["vip"] })).await;
    assert_eq!(account["tag"].as_array().unwrap().len(), 1);
    assert_eq!(
        account["tag"][0]["name"], "VIP",
        "a known tag keeps its spelling"
    );
    let teams = json!([{ "id": "1" }, { "id": "East", "primary": true }]);
    let account = site.ok("PUT", &path, json!({ "team_name": teams })).await;
    assert_eq!(account["team_id"], "East");
    assert_eq!(account["team_name"][1]["name"], "East");
}

#[tokio::test]
async fn client_ids_are_honoured_and_taken_for_ever() {
    let site = Site::empty().await;
    assert_eq!(
        site.create("Accounts", json!({ "id": "my-own-id" })).await,
        "my-own-id"
    );
    let taken = (422, "invalid_parameter".to_owned());
    assert_eq!(
        site.refused("POST", "Accounts", json!({ "id": "my-own-id" }))
            .await,
        taken
    );
    site.ok("DELETE", "Accounts/my-own-id", json!(null)).await;
    assert_eq!(
        site.refused("POST", "Accounts", json!({ "id": "my-own-id" }))
            .await,
        taken
    );
    let ids = ClientIds::Ignore;
    let site = Site::with(Config {
        demo: Demo::None,
        ids,
        ..Config::default()
    })
    .await;
    assert_ne!(
        site.create("Accounts", json!({ "id": "my-own-id" })).await,
        "my-own-id"
    );
}

#[tokio::test]
async fn a_stale_write_is_refused() {
    let site = Site::empty().await;
    let account = site.ok("POST", "Accounts", json!({ "name": "A" })).await;
    let path = format!("Accounts/{}", account["id"].as_str().unwrap());
    let put = |stamp: String| {
        send(
            site.request("PUT", &path)
                .header("X-Timestamp", stamp)
                .json(&json!({ "name": "B" })),
        )
    };
    let (status, answer) = put("2020-01-01T00:00:00+00:00".into()).await;
    assert_eq!(
        (status, answer["error"].as_str().unwrap()),
        (409, "edit_conflict")
    );
    let (status, _) = put(account["date_modified"].as_str().unwrap().into()).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn fields_narrows_the_answer() {
    let site = Site::empty().await;
    let id = site.create("Contacts", json!({ "last_name": "A" })).await;
    let contact = site.get(&format!("Contacts/{id}?fields=last_name")).await;
    let keys: Vec<&String> = contact.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["_acl", "_module", "date_modified", "id", "last_name"]
    );
}

#[tokio::test]
async fn favorites_are_the_users_own() {
    let mut site = Site::empty().await;
    let id = site.create("Accounts", json!({ "name": "A" })).await;
    let path = format!("Accounts/{id}");
    assert_eq!(
        site.ok("PUT", &format!("{path}/favorite"), json!([])).await["my_favorite"],
        true
    );
    let sally = site.login("sally").await;
    let admin = std::mem::replace(&mut site.token, sally);
    assert_eq!(site.get(&path).await["my_favorite"], false);
    site.token = admin;
    assert_eq!(
        site.ok("DELETE", &format!("{path}/favorite"), json!(null))
            .await["my_favorite"],
        false
    );
    site.ok("PUT", &format!("{path}/favorite"), json!([])).await;
    assert_eq!(
        site.ok("PUT", &format!("{path}/unfavorite"), json!([]))
            .await["my_favorite"],
        false
    );
    assert_eq!(
        site.refused("PUT", "Accounts/none/favorite", json!([]))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let (one, two) = (Site::demo().await, Site::demo().await);
    let list = "Contacts?max_num=500&order_by=id";
    assert_eq!(one.get(list).await, two.get(list).await);
    assert_eq!(one.running.password(), two.running.password());
    assert_eq!(
        one.get("Accounts/count").await,
        json!({ "record_count": 50 })
    );
    one.running.stop().await;
}

#[tokio::test]
async fn a_data_file_keeps_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config {
        demo: Demo::None,
        data: Some(folder.path().join("sugar.db")),
        ..Config::default()
    };
    let site = Site::with(config()).await;
    site.create("Accounts", json!({ "id": "kept", "name": "Kept" }))
        .await;
    site.running.stop().await;
    let site = Site::with(config()).await;
    assert_eq!(site.get("Accounts/kept").await["name"], "Kept");
}

#[tokio::test]
async fn decimals_keep_every_digit() {
    let site = Site::empty().await;
    for amount in [
        "99999999999.123456",
        "12345678901234567.89",
        "12345678901234567.9",
        "99999999999999999999.999999",
        "9",
        "-10",
    ] {
        let made = site
            .ok(
                "POST",
                "Opportunities",
                json!({ "name": amount, "amount": amount }),
            )
            .await;
        assert_eq!(made["amount"], amount);
    }
    let ordered = site.get("Opportunities?order_by=amount&fields=name").await;
    let expected = [
        "-10",
        "9",
        "99999999999.123456",
        "12345678901234567.89",
        "12345678901234567.9",
        "99999999999999999999.999999",
    ];
    assert_eq!(column(&ordered, "name"), expected);
    for (amount, found) in [
        (json!("12345678901234567.890"), &expected[3..4]),
        (json!({ "$gt": "12345678901234567.89" }), &expected[4..]),
        (json!({ "$between": [-10, 9.0] }), &expected[..2]),
        (
            json!({ "$in": ["9.00", "99999999999.123456"] }),
            &expected[1..3],
        ),
        (json!({ "$starts": "123" }), &expected[3..5]),
    ] {
        let body = json!({ "filter": [{ "amount": amount }], "order_by": "amount" });
        let list = site.ok("POST", "Opportunities/filter", body).await;
        assert_eq!(column(&list, "name"), found, "{amount}");
    }
}

#[tokio::test]
async fn keys_of_a_multi_select_may_hold_commas() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    let field =
        r#"{ "modules": { "Accounts": { "fields": { "multi_c": { "type": "multienum" } } } } }"#;
    std::fs::write(&schema, field).unwrap();
    let site = Site::with(Config {
        demo: Demo::None,
        schema: Some(schema),
        ..Config::default()
    })
    .await;
    for keys in [
        json!(["we^ird", "x,y"]),
        json!(["a", "b"]),
        json!(["^"]),
        json!([]),
    ] {
        let made = site
            .ok("POST", "Accounts", json!({ "multi_c": keys }))
            .await;
        assert_eq!(made["multi_c"], keys);
    }
    let many: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    for (keys, count) in [(json!(["x,y"]), 1), (json!(["x"]), 0), (json!(many), 0)] {
        let filter = json!({ "filter": [{ "multi_c": { "$contains": keys } }] });
        assert_eq!(
            site.ok("POST", "Accounts/count", filter).await["record_count"],
            count
        );
    }
}

/// What is there before a body of the wrong shape is there after it.
#[tokio::test]
async fn collections_of_the_wrong_shape_are_refused() {
    let site = Site::empty().await;
    let contact = site.create("Contacts", json!({ "last_name": "C" })).await;
    let before = site
        .ok(
            "POST",
            "Accounts",
            json!({ "name": "A", "tag": ["VIP"], "team_name": [{ "id": "East" }], "email1": "a@example.com",
            "contacts": { "add": [contact] } }),
        )
        .await;
    let path = format!("Accounts/{}", before["id"].as_str().unwrap());
    for wrong in [
        json!({ "tag": "Gold" }),
        json!({ "team_name": "West" }),
        json!({ "team_name": [{ "id": "bogus" }] }),
        json!({ "email": "x@example.com" }),
        json!({ "email1": ["x@example.com"] }),
        json!({ "contacts": contact }),
        json!({ "contacts": { "add": contact } }),
        json!({ "contacts": { "create": ["x"] } }),
        json!({ "contacts": { "delete": [{ "id": contact }] } }),
    ] {
        let body = json!({ "name": "B" });
        let mut body = body.as_object().unwrap().clone();
        body.extend(wrong.as_object().unwrap().clone());
        assert_eq!(
            site.refused("PUT", &path, json!(body)).await,
            (422, "invalid_parameter".into()),
            "{wrong}"
        );
        assert_eq!(site.get(&path).await, before, "{wrong}");
    }
    let relate = json!({ "account_id": { "id": "x" } });
    let refused = site
        .refused("PUT", &format!("Contacts/{contact}"), relate)
        .await;
    assert_eq!(refused.0, 422);
    let printed = json!({ "contacts": { "next_offset": -1, "records": [] }, "leads": [], "cases": "", "calls": null });
    site.ok("PUT", &path, printed).await;
}

#[tokio::test]
async fn one_team_is_the_primary_one() {
    let site = Site::empty().await;
    let id = site.create("Accounts", json!({ "name": "A" })).await;
    let path = format!("Accounts/{id}");
    for (teams, expected, primary) in [
        (
            json!([{ "id": "East" }, { "id": "West" }]),
            vec![("East", true), ("West", false)],
            "East",
        ),
        (
            json!([{ "id": "East", "primary": true }, { "id": "West", "primary": true }]),
            vec![("East", true), ("West", false)],
            "East",
        ),
        (
            json!([{ "id": "East" }, { "id": "West", "primary": "1" }, { "id": "East" }]),
            vec![("East", false), ("West", true)],
            "West",
        ),
        (
            json!([{ "id": "East" }, { "id": "East", "primary": true }]),
            vec![("East", true)],
            "East",
        ),
        (json!([]), vec![("1", true)], "1"),
        (json!(["East"]), vec![("East", true)], "East"),
        (json!(null), vec![("1", true)], "1"),
    ] {
        let bean = site.ok("PUT", &path, json!({ "team_name": teams })).await;
        let found: Vec<(&str, bool)> = bean["team_name"]
            .as_array()
            .unwrap()
            .iter()
            .map(|team| (team["id"].as_str().unwrap(), team["primary"] == true))
            .collect();
        assert_eq!(found, expected, "{teams}");
        let found = json!({ "filter": [{ "id": id, "team_id": primary }] });
        let count = site.ok("POST", "Accounts/count", found).await;
        assert_eq!(count["record_count"], 1, "{teams}");
    }
}
