//! The client against a server that misbehaves as told.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value as Json;
use serde_json::json;

use super::script::Heard;
use super::script::Reply;
use super::script::Script;
use super::script::bulk;
use super::script::refusal;
use super::script::tokens;
use super::*;
use crate::runfile::Permit;
use crate::wire::Fault;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Reaction;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::Request;
use crate::wire::Sent;
use crate::wire::SugarLabel;
use crate::wire::Write;

const TOKEN: &str = "/rest/v11_5/oauth2/token";
const BULK: &str = "/rest/v11_5/bulk";

fn connection(url: &str) -> Connection {
    let site = Site::parse(url, PlainHttp::LoopbackOnly).unwrap();
    Connection::new(
        site,
        Credentials::Password {
            username: "admin".into(),
            password: SecretString::from("hunter2"),
        },
    )
}

fn reader(script: &Script) -> Reader {
    Reader::new(connection(&script.url)).unwrap()
}

/// A server that grants sessions, numbered from 0, and answers the rest as told.
async fn granting(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Script {
    Script::play(move |heard, before| match heard.path.as_str() {
        TOKEN => tokens(before, 3600),
        _ => answer(heard, before),
    })
    .await
}

/// What one ping met.
async fn met(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Fault {
    let script = granting(answer).await;
    let mut connection = connection(&script.url);
    connection.request_timeout = Duration::from_millis(400);
    let reader = Reader::new(connection).unwrap();
    let mut entries = reader.send(vec![Read::Ping]).await.unwrap();
    entries.remove(0).unwrap_err()
}

fn get(record: &str) -> Read {
    Read::Get {
        module: ModuleName::new("Accounts"),
        record: RecordId::new(record),
        fields: None,
    }
}

fn delete(record: &str) -> Request {
    Request::Write(Write::Delete {
        module: ModuleName::new("Accounts"),
        record: RecordId::new(record),
    })
}

fn urls(heard: &Heard) -> Vec<&str> {
    let entries = heard.body["requests"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["url"].as_str().unwrap())
        .collect()
}

mod sending {
    use super::*;

    #[tokio::test]
    async fn one_read_goes_alone_and_several_as_a_bulk() {
        let script = granting(|heard, _| match heard.path.as_str() {
            BULK => bulk(&[
                (200, json!({ "id": "a" })),
                (404, json!({ "error": "not_found" })),
            ]),
            _ => Reply::Json(200, json!("pong")),
        })
        .await;
        let reader = reader(&script);
        assert!(reader.send(Vec::new()).await.unwrap().is_empty());
        assert_eq!(reader.counts(), Counts::default());

        let one = reader.send(vec![Read::Ping]).await.unwrap();
        assert_eq!(one[0].as_ref().unwrap().body, "pong");
        let two = reader.send(vec![get("a"), get("b/c")]).await.unwrap();
        assert_eq!(two[0].as_ref().unwrap().body["id"], "a");
        assert_eq!(
            two[1].as_ref().unwrap_err().label(),
            SugarLabel::NotFound.into()
        );

        let heard = script.heard();
        assert_eq!(heard[0].body["password"], "hunter2");
        assert_eq!(heard[0].token, None);
        assert_eq!(
            (heard[1].method.as_str(), heard[1].path.as_str()),
            ("GET", "/rest/v11_5/ping")
        );
        assert_eq!(heard[1].token.as_deref(), Some("access-0"));
        assert_eq!(
            urls(&heard[2]),
            ["/v11_5/Accounts/a", "/v11_5/Accounts/b%2Fc"]
        );
        let expected = Counts {
            http: 3,
            bulk: 1,
            operations: 3,
        };
        assert_eq!(reader.counts(), expected);
    }

    #[tokio::test]
    async fn a_single_write_is_a_bulk_too() {
        let script = granting(|_, _| bulk(&[(200, json!({ "id": "a" }))])).await;
        let writer = Writer::new(reader(&script), Permit::for_tests());
        let entries = writer.send(vec![delete("a")]).await.unwrap();
        assert!(entries[0].is_ok());
        assert_eq!(script.heard()[1].path, BULK);
        assert_eq!(writer.counts().bulk, 1);
    }

    #[tokio::test]
    async fn a_bulk_answer_of_another_length_is_a_fault() {
        let script = granting(|_, _| bulk(&[(200, json!({}))])).await;
        let failure = reader(&script)
            .send(vec![get("a"), get("b")])
            .await
            .unwrap_err();
        assert!(
            failure
                .to_string()
                .contains("/bulk answered 1 entries of 2"),
            "{failure}"
        );
        assert!(failure.may_have_happened());
    }

    #[tokio::test]
    async fn a_given_token_is_sent_and_never_refreshed() {
        let script = Script::play(|_, before| match before {
            0 => Reply::Json(200, json!("pong")),
            _ => refusal(401, "invalid_grant"),
        })
        .await;
        let mut connection = connection(&script.url);
        connection.credentials = Credentials::AccessToken(SecretString::from("given"));
        let reader = Reader::new(connection).unwrap();
        assert!(reader.send(vec![Read::Ping]).await.is_ok());
        for _ in 0..2 {
            let failure = reader.send(vec![Read::Ping]).await.unwrap_err();
            assert!(matches!(
                failure,
                Failure::Stop(ClientError::TokenRefused { .. })
            ));
        }
        assert_eq!(script.times("/ping"), 2);
        assert_eq!(script.heard()[0].token.as_deref(), Some("given"));
        assert_eq!(script.times("/token"), 0);
    }
}

mod sessions {
    use super::*;

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
                entry
                    .as_ref()
                    .map_or(Json::Null, |answer| answer.body["id"].clone())
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

    #[tokio::test]
    async fn two_that_end_each_others_sessions_stop() {
        let script = granting(|_, _| refusal(401, "invalid_grant")).await;
        let reader = reader(&script);
        for _ in 0..2 {
            let refused = reader.send(vec![Read::Ping]).await.unwrap();
            assert_eq!(refused[0].as_ref().unwrap_err().reaction(), Reaction::Login);
        }
        let failure = reader.send(vec![Read::Ping]).await.unwrap_err();
        assert!(matches!(
            failure,
            Failure::Stop(ClientError::SessionFight { .. })
        ));
        let heard = script.heard().len();
        assert!(reader.send(vec![Read::Ping]).await.is_err());
        assert_eq!(script.heard().len(), heard, "nothing more is sent");
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
}

mod faults {
    use super::*;

    #[tokio::test]
    async fn a_page_of_a_gateway_is_not_json() {
        let fault = met(|_, _| Reply::Text(502, "<html>\n<h1>Bad  gateway</h1>")).await;
        assert_eq!(
            fault.to_string(),
            "HTTP 502 with an answer that cannot be read: <html> <h1>Bad gateway</h1>"
        );
        assert_eq!(fault.reaction(), Reaction::Repeat);
    }

    #[tokio::test]
    async fn answers_that_break_off_or_are_empty() {
        let fault = met(|_, _| Reply::Text(200, r#"{"records": [{"id": "#)).await;
        assert!(
            fault.to_string().contains("JSON that breaks off"),
            "{fault}"
        );
        let fault = met(|_, _| Reply::Text(200, "")).await;
        assert!(fault.to_string().contains("an empty answer"), "{fault}");
        for reply in [
            Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{".to_vec()),
            Reply::HangUp,
        ] {
            let fault = met(move |_, _| reply.clone()).await;
            let Fault::Network { sent, detail } = &fault else {
                panic!("{fault:?}")
            };
            assert_eq!(*sent, Sent::Perhaps);
            assert!(detail.contains("was lost"), "{detail}");
        }
    }

    #[tokio::test]
    async fn a_late_answer_is_a_timeout() {
        let fault = met(|_, _| Reply::Late(Duration::from_secs(5), json!({}))).await;
        assert_eq!(fault.label(), LocalLabel::Timeout.into());
        assert!(fault.may_have_happened());
    }

    #[tokio::test]
    async fn nobody_listening_means_nothing_was_sent() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", gone.local_addr().unwrap());
        drop(gone);
        let reader = Reader::new(connection(&url)).unwrap();
        let failure = reader.send(vec![Read::Ping]).await.unwrap_err();
        let Failure::NotSent(Fault::Network { sent, detail }) = &failure else {
            panic!("{failure:?}")
        };
        assert_eq!(*sent, Sent::No);
        let expected = format!("cannot connect to `{url}`: Connection refused");
        assert!(detail.starts_with(&expected), "{detail}");
    }

    #[tokio::test]
    async fn a_301_is_an_error_and_a_redirect_is_not_followed() {
        let fault = met(|_, _| refusal(301, "incorrect_version")).await;
        assert_eq!(fault.reaction(), Reaction::Stop);
        let fault = met(|_, before| match before {
            0 => Reply::Headed(302, "Location: /rest/v11_5/ping?x=1\r\n", Json::Null),
            _ => Reply::Json(200, json!("pong")),
        })
        .await;
        assert_eq!(
            fault.to_string(),
            "HTTP 302 with an answer that cannot be read: a redirect to `/rest/v11_5/ping`"
        );
    }

    #[tokio::test]
    async fn packed_answers_are_unpacked() {
        const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x53\x2a\xc8\xcf\x4b\x57\x02\x00\xaa\x58\xa4\xdc\x06\x00\x00\x00";
        let script = granting(|_, _| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                PACKED.len()
            );
            Reply::Raw([head.as_bytes(), PACKED].concat())
        })
        .await;
        let entries = reader(&script).send(vec![Read::Ping]).await.unwrap();
        assert_eq!(entries[0].as_ref().unwrap().body, "pong");
    }

    #[tokio::test]
    async fn the_time_to_wait_is_read() {
        let fault =
            met(|_, _| Reply::Headed(503, "Retry-After: 7\r\n", json!({ "error": "maintenance" })))
                .await;
        assert_eq!(fault.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(fault.label(), SugarLabel::Maintenance.into());
    }
}

mod connecting {
    use super::*;

    async fn refused(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> String {
        let script = Script::play(answer).await;
        let error = Reader::connect(connection(&script.url)).await.unwrap_err();
        assert_eq!(error.cause(), Cause::Instance);
        error.to_string().replace(&script.url, "SITE")
    }

    #[tokio::test]
    async fn a_good_instance_says_who_is_logged_in() {
        let script = granting(|_, _| {
            Reply::Json(
                200,
                json!({ "current_user": { "id": "1", "user_name": "admin" } }),
            )
        })
        .await;
        let (_, me) = Reader::connect(connection(&script.url)).await.unwrap();
        assert_eq!((me.id.as_str(), me.user_name.as_str()), ("1", "admin"));
    }

    #[tokio::test]
    async fn what_is_wrong_is_said() {
        assert_eq!(
            refused(|_, _| refusal(401, "invalid_grant")).await,
            "`SITE` refused the login of `admin` on platform `base`: said the server (invalid_grant); check user name and password, \
             and that the platform is registered"
        );
        assert_eq!(
            refused(|_, _| refusal(301, "incorrect_version")).await,
            "`SITE` does not serve version `v11_5` of its API: said the server (incorrect_version); set `SUGAR_API_VERSION`"
        );
        assert_eq!(
            refused(|_, _| Reply::Text(404, "<h1>Not found</h1>")).await,
            "`SITE` is not a Sugar instance, or its address lacks a folder: HTTP 404 with an answer that cannot be read: \
             <h1>Not found</h1>"
        );
        assert_eq!(
            refused(|_, _| Reply::Json(404, json!({ "detail": "nothing here" }))).await,
            "`SITE` is not a Sugar instance, or its address lacks a folder: HTTP 404 without a Sugar label"
        );
        assert_eq!(
            refused(|_, _| refusal(503, "maintenance")).await,
            "`SITE` is not available now: said the server (maintenance)"
        );
        assert_eq!(
            refused(|_, _| Reply::Text(502, "<h1>Bad gateway</h1>")).await,
            "`SITE` is not available now: HTTP 502 with an answer that cannot be read: <h1>Bad gateway</h1>"
        );
        assert_eq!(
            refused(|_, _| Reply::Headed(
                301,
                "Location: https://crm.example.com/\r\n",
                Json::Null
            ))
            .await,
            "`SITE` answers with a redirect to `https://crm.example.com/`; use the address it leads to"
        );
    }

    #[tokio::test]
    async fn a_token_is_never_shown() {
        let said = refused(|_, _| Reply::Text(200, r#"{"access_token": "hunter2", "#)).await;
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_broken_file_of_certificates_is_named() {
        let site = Site::parse("https://crm.example.com", PlainHttp::LoopbackOnly).unwrap();
        let mut connection = connection("http://127.0.0.1:1");
        connection.site = site;
        let file = tempfile::NamedTempFile::new().unwrap();
        connection.ca_file = Some(file.path().to_owned());
        let error = Reader::new(connection.clone()).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is not a file of certificates: there is none in it")
        );
        connection.ca_file = Some("/nowhere/ca.pem".into());
        let error = Reader::new(connection).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/nowhere/ca.pem` is not a file of certificates: entity not found"
        );
        assert_eq!(error.cause(), Cause::Settings);
    }
}

mod definitions {
    use super::*;

    #[tokio::test]
    async fn metadata_comes_with_its_lists() {
        let script = granting(|heard, _| match heard.path.as_str() {
            BULK => bulk(&[
                (200, json!({ "": "", "Partner": "Partner" })),
                (403, json!({ "error": "not_authorized" })),
            ]),
            _ => Reply::Json(
                200,
                json!({ "modules": { "Accounts": { "fields": {
                    "account_type": { "type": "enum", "options": "account_type_dom" },
                    "other_type": { "type": "enum", "options": "account_type_dom" },
                    "secret_type": { "type": "enum" },
                } } }, "_hash": "h" }),
            ),
        })
        .await;
        let reader = reader(&script);
        let wanted = [ModuleName::new("Accounts")];
        let reading = fetch_metadata(&reader, Wanted::Modules(&wanted))
            .await
            .unwrap();
        let metadata = reading.metadata;
        assert!(
            metadata
                .dropdown("Accounts", "other_type")
                .unwrap()
                .contains("Partner")
        );
        assert!(metadata.dropdown("Accounts", "secret_type").is_none());
        assert_eq!(
            reading.notes[0].to_string(),
            "the dropdown list could not be read (not_authorized), at `Accounts.secret_type`"
        );
        let heard = script.heard();
        assert!(
            heard[1].path.ends_with("module_filter=Accounts"),
            "{}",
            heard[1].path
        );
        assert_eq!(
            urls(&heard[2]),
            [
                "/v11_5/Accounts/enum/account_type",
                "/v11_5/Accounts/enum/secret_type"
            ]
        );
    }
}
