//! What a person is told when the first contact fails.

use super::*;

async fn refused(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> String {
    let script = Script::play(answer).await;
    let error = Reader::connect(connection(&script.url)).await.unwrap_err();
    assert_ne!(error.cause(), Cause::Settings);
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
async fn what_passes_is_waited_for() {
    let script = granting(|_, nth| match nth {
        0 => Reply::Text(502, "<h1>Bad gateway</h1>"),
        _ => Reply::Json(
            200,
            json!({ "current_user": { "id": "1", "user_name": "admin" } }),
        ),
    })
    .await;
    assert!(Reader::connect(connection(&script.url)).await.is_ok());
}

#[tokio::test]
async fn what_does_not_pass_is_said_in_the_end() {
    let (maintenance, gateway) = tokio::join!(
        refused(|_, _| refusal(503, "maintenance")),
        refused(|_, _| Reply::Text(502, "<h1>Bad gateway</h1>"))
    );
    assert_eq!(
        maintenance,
        "`SITE` is not available now: said the server (maintenance)"
    );
    assert_eq!(
        gateway,
        "`SITE` is not available now: HTTP 502 with an answer that cannot be read: <h1>Bad gateway</h1>"
    );
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
        refused(|_, _| Reply::Headed(301, "Location: https://crm.example.com/\r\n", Json::Null))
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
