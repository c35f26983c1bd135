//! Answers that are none, and what they mean.

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
