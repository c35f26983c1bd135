//! `POST /bulk`: taking it apart and putting the answers together (fact sheet 2).

use axum::body::Bytes;
use serde_json::Map;
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::call::Headers;
use super::call::Method;
use super::config::Limits;
use super::dispatch::no_method;
use super::failure::Failure;

/// The calls of a bulk, in order. An entry that cannot be read fails alone.
pub(crate) fn entries(call: Call, limits: Limits) -> Result<Vec<Result<Call, Failure>>, Failure> {
    let token = call.token().map(str::to_owned);
    let requests = match call.body {
        Value::Object(mut map) => map.remove("requests"),
        _ => None,
    };
    let Some(Value::Array(requests)) = requests else {
        return Err(Failure::missing("requests"));
    };
    if requests.len() > limits.bulk {
        return Err(Failure::too_large("Too many requests in one bulk."));
    }
    Ok(requests
        .into_iter()
        .map(|request| entry(request, token.as_deref()))
        .collect())
}

fn entry(request: Value, token: Option<&str>) -> Result<Call, Failure> {
    let Value::Object(mut request) = request else {
        return Err(Failure::invalid("An entry of a bulk must be a map."));
    };
    let method = match request.get("method").and_then(Value::as_str) {
        Some(method) => Method::parse(method).ok_or_else(no_method)?,
        None => Method::Get,
    };
    let mut headers = headers(request.get("headers"));
    // Entries carry the access of the outer call.
    headers.token = token.map(str::to_owned);
    let url = request
        .get("url")
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::missing("url"))?
        .to_owned();
    let call = match request.remove("data") {
        Some(Value::String(text)) => Call::read(method, &url, json(headers), Bytes::from(text))?,
        data => {
            let mut call = Call::without_body(method, &url, headers)?;
            call.body = data.unwrap_or(Value::Null);
            call
        }
    };
    match call.segments.first().map(String::as_str) {
        Some("bulk" | "oauth2") => Err(no_method()),
        _ => Ok(call),
    }
}

fn json(mut headers: Headers) -> Headers {
    headers.content_type = Some("application/json".to_owned());
    headers
}

/// A list of `"Name: value"`, or a map.
fn headers(value: Option<&Value>) -> Headers {
    let mut headers = Headers::default();
    match value {
        Some(Value::Array(lines)) => {
            for (name, value) in lines
                .iter()
                .filter_map(Value::as_str)
                .filter_map(|line| line.split_once(':'))
            {
                headers.set(name, value);
            }
        }
        Some(Value::Object(map)) => set_all(&mut headers, map),
        _ => {}
    }
    headers
}

fn set_all(headers: &mut Headers, map: &Map<String, Value>) {
    for (name, value) in map {
        if let Some(value) = value.as_str() {
            headers.set(name, value);
        }
    }
}

/// The answer of a bulk: as long as its requests and in their order, 200 whatever happened.
pub(crate) fn answer(answers: impl ExactSizeIterator<Item = Answer>) -> Answer {
    let mut text = String::with_capacity(answers.len() * 1_024);
    text.push('[');
    for (index, answer) in answers.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let status = answer.status;
        text.push_str("{\"contents\":");
        text.push_str(&answer.into_json());
        text.push_str(",\"headers\":[],\"status\":");
        text.push_str(&status.to_string());
        text.push('}');
    }
    text.push(']');
    Answer::text(text)
}
