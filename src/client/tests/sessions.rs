//! Logging in, refreshing, and what ends a session for good.

use super::*;
use crate::wire::Answer;

#[tokio::test]
async fn a_dead_token_is_refreshed_once_for_everyone() {
    let script = granting(|heard, _| match heard.token.as_deref() {
        Some("access-0") => refusal(401, "invalid_grant"),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    let reader = reader(&script);
    let all = (0..8).map(|_| {
        let reader = reader.clone();
        tokio::spawn(async move { reader.send(vec![Read::Ping]).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap().unwrap()[0].is_ok());
    }
    let grants: Vec<Json> = script
        .heard()
        .iter()
        .filter(|heard| heard.path == TOKEN)
        .map(|heard| heard.body["grant_type"].clone())
        .collect();
    assert_eq!(grants, ["password", "refresh_token"]);
}

#[tokio::test]
async fn only_what_was_refused_inside_a_bulk_is_repeated() {
    let script = granting(|heard, _| match heard.token.as_deref() {
        Some("access-0") => bulk(&[
            (200, json!({ "id": "a" })),
            (401, json!({ "error": "invalid_grant" })),
            (404, json!({ "error": "not_found" })),
            (401, json!({ "error": "need_login" })),
        ]),
        _ => bulk(&[(200, json!({ "id": "b" })), (200, json!({ "id": "d" }))]),
    })
    .await;
    let writer = Writer::new(reader(&script), Permit::for_tests());
    let requests = ["a", "b", "c", "d"].map(delete).to_vec();
    let entries = writer.send(requests).await.unwrap();
    let ids: Vec<Json> = entries
        .iter()
        .map(|entry| {
            let answer = entry.clone().and_then(Answer::read);
            answer.map_or(Json::Null, |answer| answer.body["id"].clone())
        })
        .collect();
    assert_eq!(ids, [json!("a"), json!("b"), Json::Null, json!("d")]);
    let last = script.heard().pop().unwrap();
    assert_eq!(urls(&last), ["/v11_5/Accounts/b", "/v11_5/Accounts/d"]);
}

#[tokio::test]
async fn answers_are_kept_when_the_session_cannot_be_renewed() {
    let script = Script::play(|heard, before| match heard.path.as_str() {
        TOKEN if before == 0 => tokens(0, 3600),
        TOKEN => refusal(401, "invalid_grant"),
        _ => bulk(&[
            (200, json!({ "id": "a" })),
            (401, json!({ "error": "invalid_grant" })),
        ]),
    })
    .await;
    let writer = Writer::new(reader(&script), Permit::for_tests());
    let entries = writer.send(vec![delete("a"), delete("b")]).await.unwrap();
    assert!(entries[0].is_ok());
    assert_eq!(entries[1].as_ref().unwrap_err().reaction(), Reaction::Login);
    let failure = writer.send(vec![delete("b")]).await.unwrap_err();
    assert!(matches!(
        failure,
        Failure::Stop(ClientError::LoginRefused { .. })
    ));
    assert!(!failure.may_have_happened());
}

#[tokio::test]
async fn a_dead_refresh_token_leads_to_a_new_login() {
    let script = Script::play(|heard, before| match (heard.path.as_str(), before) {
        (TOKEN, 1) => refusal(401, "invalid_grant"),
        (TOKEN, number) => tokens(number, 3600),
        _ if heard.token.as_deref() == Some("access-0") => refusal(401, "need_login"),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    assert!(reader(&script).send(vec![Read::Ping]).await.unwrap()[0].is_ok());
    assert_eq!(script.times("/token"), 3);
}

#[tokio::test]
async fn a_session_is_renewed_before_it_ends() {
    let script = Script::play(|heard, before| match (heard.path.as_str(), before) {
        (TOKEN, 0) => tokens(0, 0),
        (TOKEN, number) => tokens(number, 3600),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    let reader = reader(&script);
    for _ in 0..3 {
        assert!(reader.send(vec![Read::Ping]).await.unwrap()[0].is_ok());
    }
    assert_eq!(script.times("/token"), 2);
    assert_eq!(script.times("/ping"), 3);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let script = Script::play(|_, _| refusal(401, "invalid_grant")).await;
    let reader = reader(&script);
    for _ in 0..3 {
        let failure = reader.send(vec![Read::Ping]).await.unwrap_err();
        assert!(matches!(
            failure,
            Failure::Stop(ClientError::LoginRefused { .. })
        ));
        let said = format!("{failure} {failure:?} {reader:?}");
        assert!(
            !said.contains("hunter2") && said.contains("`admin`"),
            "{said}"
        );
    }
    assert_eq!(script.heard().len(), 1);
}

/// Whether tokens are asked for with what an earlier session left.
fn refreshes(heard: &Heard) -> bool {
    heard.body["grant_type"] == "refresh_token"
}

/// Asks until no more is sent: what is refused for its session is refused with that label until then.
async fn until_given_up(reader: &Reader) -> Failure {
    for _ in 0..5 {
        match reader.send(vec![Read::Ping]).await {
            Ok(refused) => {
                let fault = refused[0].as_ref().unwrap_err();
                assert_eq!(fault.reaction(), Reaction::Login);
            }
            Err(failure) => return failure,
        }
    }
    panic!("it goes on for ever");
}

#[tokio::test]
async fn two_that_end_each_others_sessions_stop() {
    let script = Script::play(|heard, before| match heard.path.as_str() {
        TOKEN if refreshes(heard) => refusal(401, "invalid_grant"),
        TOKEN => tokens(before, 3600),
        _ => refusal(401, "invalid_grant"),
    })
    .await;
    let reader = reader(&script);
    let failure = until_given_up(&reader).await;
    assert!(matches!(
        failure,
        Failure::Stop(ClientError::SessionFight { .. })
    ));
    let heard = script.heard().len();
    assert!(reader.send(vec![Read::Ping]).await.is_err());
    assert_eq!(script.heard().len(), heard, "nothing more is sent");
}

#[tokio::test]
async fn tokens_that_expire_early_are_nobodys_doing() {
    // Each is good for one request, whatever the instance says of its life.
    let script = granting(|heard, before| {
        let current = format!("access-{}", before.div_ceil(2));
        match heard.token.as_deref() == Some(&current) {
            true => Reply::Json(200, json!("pong")),
            false => refusal(401, "invalid_grant"),
        }
    })
    .await;
    let reader = reader(&script);
    for _ in 0..8 {
        assert!(reader.send(vec![Read::Ping]).await.unwrap()[0].is_ok());
    }
    let logins = script.heard();
    let logins = logins
        .iter()
        .filter(|one| one.path == TOKEN && !refreshes(one));
    assert_eq!(logins.count(), 1);
}

#[tokio::test]
async fn tokens_that_are_refused_as_soon_as_they_are_given_stop_without_a_suspect() {
    let script = granting(|_, _| refusal(401, "invalid_grant")).await;
    let failure = until_given_up(&reader(&script)).await;
    assert!(matches!(
        failure,
        Failure::Stop(ClientError::SessionsLost { .. })
    ));
    assert!(!failure.to_string().contains("another login uses"));
}

#[tokio::test]
async fn sessions_without_refresh_tokens_end_without_a_suspect() {
    let script = Script::play(|heard, before| match heard.path.as_str() {
        TOKEN => Reply::Json(200, json!({ "access_token": format!("access-{before}") })),
        _ => refusal(401, "invalid_grant"),
    })
    .await;
    let failure = until_given_up(&reader(&script)).await;
    assert!(matches!(
        failure,
        Failure::Stop(ClientError::SessionsLost { .. })
    ));
}

#[tokio::test]
async fn those_who_wait_for_a_login_share_its_failure() {
    let script = Script::play(|heard, before| match heard.path.as_str() {
        TOKEN if before == 0 => Reply::Late(Duration::from_millis(300), json!({})),
        TOKEN => tokens(before, 3600),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    let reader = reader(&script);
    let all: Vec<_> = (0..6)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { reader.send(vec![Read::Ping]).await })
        })
        .collect();
    for one in all {
        let failure = one.await.unwrap().unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
        assert!(!failure.may_have_happened());
    }
    assert_eq!(script.heard().len(), 1);
    assert!(
        reader.send(vec![Read::Ping]).await.is_ok(),
        "a later one tries again"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let script = granting(|_, _| Reply::Json(200, json!({ "success": true }))).await;
    let reader = reader(&script);
    reader.send(vec![Read::Ping]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    reader.log_out().await;
    let last = script.heard().pop().unwrap();
    assert_eq!(last.path, "/rest/v11_5/oauth2/logout");
    assert_eq!(last.token.as_deref(), Some("access-0"));
}

#[tokio::test]
async fn an_outage_while_renewing_is_one_lost_session() {
    let script = Script::play(|heard, before| match (heard.path.as_str(), before) {
        (TOKEN, 1..=4) => refusal(503, "maintenance"),
        (TOKEN, number) => tokens(number, 3600),
        _ if heard.token.as_deref() == Some("access-0") => refusal(401, "invalid_grant"),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    let reader = reader(&script);
    for _ in 0..4 {
        let failure = reader.send(vec![Read::Ping]).await.unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    }
    assert!(reader.send(vec![Read::Ping]).await.unwrap()[0].is_ok());
    assert_eq!(script.times("/ping"), 2, "the dead token is sent once");
}

#[tokio::test]
async fn a_refresh_token_that_is_not_repeated_stays() {
    let script = Script::play(|heard, before| match (heard.path.as_str(), before) {
        (TOKEN, 0) => tokens(0, 0),
        (TOKEN, _) => Reply::Json(200, json!({ "access_token": "next", "expires_in": "0" })),
        _ => Reply::Json(200, json!("pong")),
    })
    .await;
    let reader = reader(&script);
    for _ in 0..3 {
        reader.send(vec![Read::Ping]).await.unwrap()[0]
            .as_ref()
            .unwrap();
    }
    let refreshed = script
        .heard()
        .iter()
        .filter(|heard| heard.body["refresh_token"] == "refresh-0")
        .count();
    assert_eq!(refreshed, 2);
}
