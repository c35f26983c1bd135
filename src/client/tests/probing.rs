//! What probes find in an instance that works otherwise than it should.

use super::*;

fn me() -> Me {
    Me {
        id: "1".into(),
        user_name: "admin".into(),
        full_name: None,
    }
}

async fn found(
    probe: Probe,
    answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static,
) -> Finding {
    let script = granting(answer).await;
    probe.ask(&reader(&script), &me()).await
}

fn entry(contents: &Json) -> Json {
    json!({ "contents": contents, "headers": [], "status": 200 })
}

#[tokio::test]
async fn a_bulk_has_to_keep_its_order() {
    let user = json!({ "current_user": { "id": "1", "user_name": "admin" } });
    let answers = |order: [Json; 3]| Reply::Json(200, order.iter().map(entry).collect());
    let pong = || json!("pong");
    let right = [pong(), user.clone(), pong()];
    assert!(matches!(
        found(Probe::Bulk, move |_, _| answers(right.clone())).await,
        Finding::Works(_)
    ));
    let wrong = [pong(), pong(), user];
    assert!(matches!(
        found(Probe::Bulk, move |_, _| answers(wrong.clone())).await,
        Finding::Fails(_)
    ));
    assert_eq!(
        found(Probe::Bulk, |_, _| refusal(404, "no_method")).await,
        Finding::Fails("said the server (no_method)".into())
    );
}

/// Page by page: the list in the order of ids, then what is said to lie behind its first.
async fn walked(list: &'static [&'static str], behind: &'static [&'static str]) -> Finding {
    found(Probe::Walking, move |heard, _| {
        let is_first = heard.body["filter"] == json!([]);
        let ids = if is_first { list } else { behind };
        let records: Vec<Json> = ids.iter().map(|id| json!({ "id": id })).collect();
        Reply::Json(200, json!({ "next_offset": -1, "records": records }))
    })
    .await
}

#[tokio::test]
async fn walking_goes_on_where_the_list_does() {
    assert!(matches!(
        walked(&["a", "b", "c"], &["b", "c"]).await,
        Finding::Works(_)
    ));
    // An order that upper and lower case do not share.
    assert!(matches!(
        walked(&["a", "B", "c"], &["c"]).await,
        Finding::Lacks(_)
    ));
    assert!(matches!(walked(&["a"], &[]).await, Finding::Open(_)));
    assert!(matches!(
        found(Probe::Walking, |_, _| refusal(403, "not_authorized")).await,
        Finding::Open(_)
    ));
}

#[tokio::test]
async fn what_is_done_without_is_no_failure() {
    for probe in [Probe::Version, Probe::MetadataHash] {
        let refused = found(probe, |_, _| refusal(404, "no_method")).await;
        assert!(matches!(refused, Finding::Lacks(_)), "{probe:?}");
        let silent = found(probe, |_, _| Reply::Json(200, json!({}))).await;
        assert!(matches!(silent, Finding::Lacks(_)), "{probe:?}");
    }
    assert!(matches!(
        found(Probe::Ping, |_, _| refusal(404, "no_method")).await,
        Finding::Fails(_)
    ));
}
