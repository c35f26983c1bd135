//! Tokens (fact sheet 8).

use serde_json::json;

use super::site::Site;
use super::site::send;
use crate::sandbox::Concurrent;
use crate::sandbox::Config;
use crate::sandbox::Demo;
use crate::sandbox::Sessions;

#[tokio::test]
async fn a_login_answers_as_the_guide_shows() {
    let site = Site::empty().await;
    let (status, answer) = site.login_with(json!({ "platform": "mobile" })).await;
    assert_eq!(status, 200);
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["refresh_expires_in"], 1_209_600);
    assert_eq!(answer["token_type"], "bearer");
    assert!(answer["scope"].is_null());
    for key in ["access_token", "refresh_token", "download_token"] {
        assert_eq!(answer[key].as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn wrong_logins_are_refused() {
    let site = Site::empty().await;
    for wrong in [
        json!({"password": "no"}),
        json!({"username": "nobody"}),
        json!({"platform": "unheard_of"}),
    ] {
        let (status, answer) = site.login_with(wrong).await;
        assert_eq!(
            (status, answer["error"].as_str().unwrap()),
            (401, "invalid_grant")
        );
    }
    let (status, answer) = site.login_with(json!({"username": ""})).await;
    assert_eq!(
        (status, answer["error"].as_str().unwrap()),
        (422, "missing_parameter")
    );
}

#[tokio::test]
async fn a_second_login_ends_the_first_one_on_the_same_platform() {
    let mut site = Site::empty().await;
    let (_, mobile) = site.login_with(json!({ "platform": "mobile" })).await;
    let first = site.token.clone();
    let second = site.login("admin").await;
    site.token = first;
    assert_eq!(
        site.refused("GET", "ping", json!({})).await,
        (401, "need_login".into())
    );
    for token in [second, mobile["access_token"].as_str().unwrap().to_owned()] {
        site.token = token;
        assert_eq!(site.get("ping").await, "pong");
    }
}

#[tokio::test]
async fn several_sessions_can_be_allowed() {
    let sessions = Sessions {
        concurrent: Concurrent::Many,
        ..Sessions::default()
    };
    let site = Site::with(Config {
        demo: Demo::None,
        sessions,
        ..Config::default()
    })
    .await;
    site.login("admin").await;
    assert_eq!(site.get("ping").await, "pong");
}

#[tokio::test]
async fn a_refresh_rotates_the_pair() {
    let mut site = Site::empty().await;
    let (_, first) = site.login_with(json!({})).await;
    let body = json!({ "grant_type": "refresh_token", "client_id": "sugar", "refresh_token": first["refresh_token"] });
    let refresh = || send(site.client.post(site.url("oauth2/token")).json(&body));
    let (status, second) = refresh().await;
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let (status, again) = refresh().await;
    assert_eq!(
        (status, again["error"].as_str().unwrap()),
        (401, "invalid_grant")
    );
    site.token = first["access_token"].as_str().unwrap().into();
    assert_eq!(
        site.refused("GET", "ping", json!({})).await,
        (401, "need_login".into())
    );
    site.token = second["access_token"].as_str().unwrap().into();
    assert_eq!(site.get("ping").await, "pong");
}

#[tokio::test]
async fn tokens_expire() {
    let sessions = Sessions {
        access: jiff::SignedDuration::ZERO,
        ..Sessions::default()
    };
    let site = Site::with(Config {
        demo: Demo::None,
        sessions,
        ..Config::default()
    })
    .await;
    assert_eq!(
        site.refused("GET", "me", json!({})).await,
        (401, "invalid_grant".into())
    );
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let site = Site::empty().await;
    assert_eq!(
        site.ok("POST", "oauth2/logout", json!({})).await,
        json!({ "success": true })
    );
    assert_eq!(
        site.refused("GET", "ping", json!({})).await,
        (401, "need_login".into())
    );
}

#[tokio::test]
async fn a_new_user_logs_in_with_the_password_given() {
    let site = Site::empty().await;
    let user = json!({ "user_name": "ada", "last_name": "L", "user_hash": "secret" });
    let created = site.ok("POST", "Users", user).await;
    assert_eq!(created["user_hash"], "");
    assert_eq!(
        site.login_with(json!({ "username": "ada", "password": "secret" }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn the_token_is_taken_from_either_header() {
    let site = Site::empty().await;
    for (name, value) in [
        ("oauth-token", site.token.clone()),
        ("Authorization", format!("Bearer {}", site.token)),
    ] {
        let (status, _) = send(site.client.get(site.url("ping")).header(name, value)).await;
        assert_eq!(status, 200, "{name}");
    }
    let (status, answer) = send(site.client.get(site.url("ping"))).await;
    assert_eq!(
        (status, answer["error"].as_str().unwrap()),
        (401, "need_login")
    );
}
