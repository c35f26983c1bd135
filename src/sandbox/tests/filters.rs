//! Lists and filters over HTTP; every operator on every type is tried beside the filter itself.

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::column;

async fn names(site: &Site, filter: Value) -> Vec<String> {
    let body = json!({ "filter": filter, "fields": "name", "order_by": "name:ASC" });
    column(&site.ok("POST", "Accounts/filter", body).await, "name")
}

async fn three() -> Site {
    let site = Site::empty().await;
    let parent = site
        .create(
            "Accounts",
            json!({ "name": "Alpha", "sic_code": "1", "industry": "Retail" }),
        )
        .await;
    site.create(
        "Accounts",
        json!({ "name": "Beta", "parent_id": parent, "sic_code": "77", "assigned_user_id": "1",
        "email1": "beta@example.com", "tag": ["Good"] }),
    )
    .await;
    site.create(
        "Accounts",
        json!({ "name": "Gamma_1", "employees": "12", "contacts": { "create": [{ "last_name": "Zed",
        "cases": { "create": [{ "name": "Deep" }] } }] } }),
    )
    .await;
    site
}

#[tokio::test]
async fn the_four_kinds_of_conditions_work() {
    let site = three().await;
    for (filter, expected) in [
        (json!([{ "name": "alpha" }]), vec!["Alpha"]),
        (json!({ "name": "Alpha" }), vec!["Alpha"]),
        (json!([]), vec!["Alpha", "Beta", "Gamma_1"]),
        (json!([{ "name": { "$starts": "B" } }]), vec!["Beta"]),
        (json!([{ "name": { "$contains": "a_" } }]), vec!["Gamma_1"]),
        (
            json!([{ "$or": [{ "name": "Alpha" }, { "name": "Beta" }] }]),
            vec!["Alpha", "Beta"],
        ),
        (
            json!([{ "$and": [{ "name": { "$gte": "B" } }, { "$or": [{ "name": { "$ends": "a" } }] }] }]),
            vec!["Beta"],
        ),
        (
            json!([{ "name": { "$gte": "B", "$lt": "C" } }]),
            vec!["Beta"],
        ),
        (json!([{ "$owner": "" }]), vec!["Beta"]),
        (
            json!([{ "$creator": "_this" }]),
            vec!["Alpha", "Beta", "Gamma_1"],
        ),
        (json!([{ "$favorite": "" }]), vec![]),
        (
            json!([{ "industry": ["$is_null"] }]),
            vec!["Beta", "Gamma_1"],
        ),
        (
            json!([{ "industry": { "$not_equals": "Retail" } }]),
            vec!["Beta", "Gamma_1"],
        ),
        (json!([{ "industry": "" }]), vec!["Beta", "Gamma_1"]),
        (
            json!([{ "name": ["Alpha", "Beta"] }]),
            vec!["Alpha", "Beta"],
        ),
        (json!([{ "members.sic_code": "77" }]), vec!["Alpha"]),
        (json!([{ "parent_name": "Alpha" }]), vec!["Beta"]),
        (
            json!([{ "parent_name": { "$not_equals": "Alpha" } }]),
            vec!["Alpha", "Gamma_1"],
        ),
        (
            json!([{ "contacts.last_name": { "$starts": "Z" } }]),
            vec!["Gamma_1"],
        ),
        (json!([{ "contacts.cases.name": "Deep" }]), vec!["Gamma_1"]),
        (json!([{ "email": "BETA@example.com" }]), vec!["Beta"]),
        (
            json!([{ "email1": { "$empty": "" } }]),
            vec!["Alpha", "Gamma_1"],
        ),
        (json!([{ "tag": { "$in": ["Good"] } }]), vec!["Beta"]),
        (
            json!([{ "tag": { "$not_in": ["Good"] } }]),
            vec!["Alpha", "Gamma_1"],
        ),
        (
            json!([{ "assigned_user_name": { "$contains": "admin" } }]),
            vec!["Beta"],
        ),
        (
            json!([{ "date_entered": { "$dateRange": "today" } }]),
            vec!["Alpha", "Beta", "Gamma_1"],
        ),
        (
            json!([{ "created_by_link.user_name": "admin" }, { "name": { "$in": ["Beta", "x"] } }]),
            vec!["Beta"],
        ),
    ] {
        assert_eq!(names(&site, filter.clone()).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn long_filters_are_taken() {
    let site = three().await;
    let mut names: Vec<Value> = (0..3_000)
        .map(|number| json!({ "name": format!("x{number}") }))
        .collect();
    names.push(json!({ "name": "Beta" }));
    let body = json!({ "filter": [{ "$or": names }] });
    assert_eq!(
        column(&site.ok("POST", "Accounts/filter", body).await, "name"),
        ["Beta"]
    );
    let ids: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    let body = json!({ "filter": [{ "sic_code": { "$in": ids } }] });
    assert_eq!(
        site.ok("POST", "Accounts/filter/count", body).await["record_count"],
        2
    );
    let mut deep = json!([{ "name": "Beta" }]);
    for _ in 0..40 {
        deep = json!([{ "$and": deep }]);
    }
    assert_eq!(
        site.refused("POST", "Accounts/filter", json!({ "filter": deep }))
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn wrong_filters_are_refused() {
    let site = three().await;
    for filter in [
        json!([{ "nmae": "x" }]),
        json!([{ "name": { "$like": "x" } }]),
        json!([{ "$xor": [] }]),
        json!([{ "nolink.name": "x" }]),
        json!([{ "contacts.nofield": "x" }]),
        json!([{ "contacts": "x" }]),
        json!([{ "date_entered": { "$gt": "soon" } }]),
        json!([{ "employees": { "$between": [1] } }]),
        json!("not json"),
        json!([7]),
    ] {
        let refused = site
            .refused("POST", "Accounts/filter", json!({ "filter": filter }))
            .await;
        assert_eq!(refused, (422, "invalid_parameter".into()), "{filter}");
    }
}

#[tokio::test]
async fn filters_come_by_get_in_two_forms() {
    let site = three().await;
    let bracket = "Accounts?filter[0][$and][0][name][$starts]=A&filter[0][$and][1][sic_code]=1";
    assert_eq!(column(&site.get(bracket).await, "name"), ["Alpha"]);
    let encoded = "Accounts/filter?filter=%5B%7B%22name%22%3A%7B%22%24starts%22%3A%22A%22%7D%7D%5D";
    assert_eq!(column(&site.get(encoded).await, "name"), ["Alpha"]);
    assert_eq!(
        site.get("Accounts/filter/count?filter[0][name]=Alpha")
            .await,
        json!({ "record_count": 1 })
    );
    let body = json!({ "filter": [{ "name": { "$not_equals": "Alpha" } }] });
    assert_eq!(
        site.ok("POST", "Accounts/filter/count", body).await,
        json!({ "record_count": 2 })
    );
    let nulls = json!({ "filter": null, "fields": null, "order_by": null, "max_num": null, "offset": null, "q": null });
    assert_eq!(
        site.ok("POST", "Accounts/filter", nulls).await["records"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn pages_end_with_minus_one() {
    let site = Site::demo().await;
    let first = site.get("Accounts").await;
    assert_eq!(first["records"].as_array().unwrap().len(), 20);
    assert_eq!(first["next_offset"], 20);
    let mut seen = std::collections::BTreeSet::new();
    let mut offset = 0;
    while offset >= 0 {
        let page = site
            .get(&format!(
                "Accounts?max_num=17&offset={offset}&order_by=industry,name:desc"
            ))
            .await;
        seen.extend(column(&page, "id"));
        offset = page["next_offset"].as_i64().unwrap();
    }
    assert_eq!(seen.len(), 50);
    assert_eq!(site.get("Accounts?max_num=50").await["next_offset"], -1);
    assert_eq!(
        site.refused("GET", "Accounts?order_by=nofield", json!(null))
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn search_looks_into_several_modules() {
    let site = Site::empty().await;
    site.create("Accounts", json!({ "name": "Unique Zebra" }))
        .await;
    site.create(
        "Contacts",
        json!({ "last_name": "Zebra", "email1": "z@example.com" }),
    )
    .await;
    let found = site.get("search?q=zebra").await;
    assert_eq!(found["records"].as_array().unwrap().len(), 2);
    assert_eq!(
        found["records"][0]["_module"], "Contacts",
        "an exact name is the best hit"
    );
    assert!(found["records"][0]["_search"]["score"].is_number());
    assert_eq!(found["next_offset"], -1);
    assert_eq!(
        column(&site.get("Contacts?q=z@exam").await, "last_name"),
        ["Zebra"]
    );
    assert_eq!(
        site.refused("GET", "Contacts?q=a&filter[0][last_name]=b", json!(null))
            .await
            .0,
        422
    );
}
