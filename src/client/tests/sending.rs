//! What is sent, and in which form.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::diag::Seals;

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
    assert_eq!(reader.take_counts(), Counts::default());

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
    let counts = reader.take_counts();
    let expected = Counts {
        http: 3,
        bulk: 1,
        operations: 3,
        retries: 0,
        took: counts.took,
    };
    assert_eq!(counts, expected);
    assert_ne!(counts.took, Duration::ZERO);
    assert_eq!(reader.take_counts(), Counts::default(), "counted once");
}

#[tokio::test]
async fn a_single_write_is_a_bulk_too() {
    let script = granting(|_, _| bulk(&[(200, json!({ "id": "a" }))])).await;
    let writer = Writer::new(reader(&script), Permit::for_tests());
    let entries = writer.send(vec![delete("a")]).await.unwrap();
    assert!(entries[0].is_ok());
    assert_eq!(script.heard()[1].path, BULK);
    assert_eq!(writer.reader().take_counts().bulk, 1);
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

/// Whoever echoes a secret, and in whatever form: nobody behind the client sees it.
#[tokio::test]
async fn a_secret_is_sent_and_comes_back_as_its_stand_in() {
    const SECRET: &str = "hunter2/\"hunter2\"";
    let values = [("token".to_owned(), SecretString::from(SECRET))].into();
    let seals = Seals::new("salt", "site", &values).unwrap();
    let vault = Arc::new(seals.open(&values).unwrap());
    let stand_in = seals.stand_in("token").unwrap();
    let script = granting(|heard, before| match before {
        0 => bulk(&[
            (200, json!({ "id": "a", "name": format!("Bearer {SECRET}") })),
            (
                422,
                json!({ "error": "invalid_parameter", "error_message": { "name": ["odd: hunter2%2F%22hunter2%22"] } }),
            ),
        ]),
        1 => {
            let page = format!("<html>{}{}", "x".repeat(40), heard.body);
            let length = page.len();
            let head = format!("HTTP/1.1 502 Bad\r\nContent-Length: {length}\r\n\r\n");
            Reply::Raw((head + &page).into_bytes())
        }
        _ => Reply::Json(500, json!(format!("{}{SECRET}", "x".repeat(110)))),
    })
    .await;
    let reader = reader(&script).keeping(vault);
    let writer = Writer::new(reader.clone(), Permit::for_tests());
    let update = |record: &str| {
        Arc::new(Write::Update {
            module: ModuleName::new("Accounts"),
            record: RecordId::new(record),
            fields: json!({ "name": format!("Bearer {stand_in}") })
                .as_object()
                .unwrap()
                .clone(),
            expected: None,
        })
    };
    let entries = writer.send(vec![update("a"), update("b")]).await.unwrap();
    let sent = &script.heard()[1].body["requests"][0]["data"];
    assert_eq!(sent, r#"{"name":"Bearer hunter2/\"hunter2\""}"#);
    let first = entries[0].clone().unwrap().read().unwrap();
    assert_eq!(first.body["name"], format!("Bearer {stand_in}"));
    assert_eq!(
        entries[1].as_ref().unwrap_err().to_string(),
        "name: odd: ***"
    );
    for _ in 0..2 {
        let failure = writer.send(vec![update("a")]).await.unwrap_err();
        let told = format!("{failure:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
