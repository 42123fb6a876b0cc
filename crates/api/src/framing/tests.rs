use super::*;
use poem::endpoint::{make, make_sync};
use poem::http::StatusCode;
use serde_json::Value;

async fn ask<E: Endpoint>(endpoint: E) -> (StatusCode, Value) {
    let response = framed(endpoint).call(Request::default()).await.unwrap();
    assert!(response.headers().contains_key(X_REQUEST_ID));
    let status = response.status();
    let body = response.into_body().into_string().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

#[tokio::test]
async fn a_panic_is_a_fault_of_ours() {
    let (status, problem) = ask(make_sync(|_| -> () { panic!("a fault") })).await;
    assert_eq!((status.as_u16(), &problem["code"]), (500, &Value::from("internal")));
}

#[tokio::test]
async fn a_foreign_fault_says_nothing_to_strangers() {
    let secret = make(|_| async {
        Err::<(), _>(poem::Error::from_string("SELECT failed", StatusCode::INTERNAL_SERVER_ERROR))
    });
    let (status, problem) = ask(secret).await;
    assert_eq!((status.as_u16(), &problem["code"]), (500, &Value::from("internal")));
    assert!(!problem.to_string().contains("SELECT"));
}

#[tokio::test]
async fn an_endpoint_of_its_own_mind_is_left_alone() {
    let teapot = make(|_| async {
        Err::<(), _>(poem::Error::from_string("short and stout", StatusCode::IM_A_TEAPOT))
    });
    assert_eq!(ask(teapot).await, (StatusCode::IM_A_TEAPOT, Value::from("short and stout")));
}

#[tokio::test]
async fn framing_twice_is_framing_once() {
    let inner = framed(make_sync(|request| RequestContext::find(&request).unwrap().id().to_owned()));
    let request = Request::builder().header(X_REQUEST_ID, "report-17").finish();
    let response = framed(inner).call(request).await.unwrap();
    assert_eq!(response.headers()[X_REQUEST_ID], "report-17");
    assert_eq!(response.into_body().into_string().await.unwrap(), "report-17");
}
