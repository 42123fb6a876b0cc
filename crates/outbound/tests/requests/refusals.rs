//! What is refused before a packet leaves: the listener at the end sees nobody.

use http::{HeaderMap, HeaderValue, Method};
use teahouse_outbound::{Allow, Error, Limits, Outbound, Refusal, Request};

use crate::house::{Listener, Names, get, only, permit, public_only};

/// `url` is refused, also when its very origin was permitted, and the listener on its port sees nobody. `PORT` stands
/// for the listener's.
async fn refused(origin: &str, url: &str, leads_to: &[&str]) -> Refusal {
    let listener = Listener::start().await;
    let port = listener.port().to_string();
    let (origin, url) = (origin.replace("PORT", &port), url.replace("PORT", &port));
    let answer = get(public_only(), Names::new(&[leads_to]), &origin, &url).await;
    listener.saw_nobody().await;
    match answer {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn an_address_inside_is_refused_however_it_is_written() {
    for (origin, url) in [
        ("http://127.0.0.1:PORT", "http://127.0.0.1:PORT/"),
        ("http://[::1]:PORT", "http://[::1]:PORT/"),
        ("http://169.254.169.254", "http://169.254.169.254/latest/meta-data/"),
        ("http://10.0.0.1:PORT", "http://10.0.0.1:PORT/"),
        ("http://[::ffff:7f00:1]:PORT", "http://[::ffff:7f00:1]:PORT/"),
    ] {
        assert!(matches!(refused(origin, url, &[]).await, Refusal::Address(_)), "{url}");
    }
    for host in
        ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.01", "0x7f.0.0.1", "%31%32%37.0.0.1"]
    {
        let refusal = refused("http://127.0.0.1:PORT", &format!("http://{host}:PORT/"), &[]).await;
        assert!(matches!(refusal, Refusal::Url(_)), "{host}: {refusal:?}");
    }
    let mapped = refused("http://[::ffff:7f00:1]:PORT", "http://[::ffff:127.0.0.1]:PORT/", &[]).await;
    assert!(matches!(mapped, Refusal::Url(_)));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    for leads_to in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["10.1.2.3"],
        &["100.64.0.1"],
        &["169.254.169.254"],
        &["0.0.0.0"],
        &["::"],
        // One bad answer spoils all, wherever it stands.
        &["127.0.0.1", "8.8.8.8"],
        &["8.8.8.8", "127.0.0.1"],
    ] {
        let refusal = refused("http://api.example.org:PORT", "http://api.example.org:PORT/", leads_to).await;
        assert_eq!(refusal, Refusal::Address("api.example.org".into()), "{leads_to:?}");
    }
}

#[tokio::test]
async fn a_second_answer_that_differs_is_checked_like_the_first() {
    let listener = Listener::start().await;
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let house = Outbound::new(only("127.0.0.1"), names.clone()).unwrap();
    let origin = format!("http://api.example.org:{}", listener.port());
    let request = || Request::new(Method::GET, format!("{origin}/"));
    let (permit, limits) = (permit(&origin), Limits::default());

    let served = listener.answer(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
    let (first, _) = tokio::join!(house.send(request(), &permit, &limits), served);
    assert_eq!(&first.unwrap().body[..], b"hi");
    // One question a connection: between the check and the connection there is no other answer to be had.
    assert_eq!(names.asked(), 1);

    let second = house.send(request(), &permit, &limits).await;
    assert!(matches!(second, Err(Error::Refused(Refusal::Address(_)))), "{second:?}");
    assert_eq!(names.asked(), 2);
    listener.saw_nobody().await;
}

#[tokio::test]
async fn other_hosts_ports_and_schemes_are_refused() {
    for url in [
        "http://other.example.org:PORT/",
        "http://example.org:PORT/",
        "http://api.example.org/",
        "https://api.example.org:PORT/",
        "http://api.example.org.evil.example:PORT/",
    ] {
        let refusal = refused("http://api.example.org:PORT", url, &["8.8.8.8"]).await;
        assert!(matches!(refusal, Refusal::Origin(_)), "{url}: {refusal:?}");
    }
}

#[tokio::test]
async fn urls_that_say_two_things_are_refused() {
    for url in [
        "http://user@api.example.org:PORT/",
        "http://user:word@api.example.org:PORT/",
        "http://@api.example.org:PORT/",
        "http://api.example.org:PORT@127.0.0.1:PORT/",
        "http://api.example.org.:PORT/",
        "http://api.example.org:PORT\\@127.0.0.1/",
        "http://api.example.org:PORT/\n",
        " http://api.example.org:PORT/",
        "http:api.example.org:PORT/",
        "ftp://api.example.org:PORT/",
        "file:///etc/passwd",
        "http://%61pi.example.org:PORT/",
        "not a url",
        "",
    ] {
        let refusal = refused("http://api.example.org:PORT", url, &["8.8.8.8"]).await;
        assert!(matches!(refusal, Refusal::Url(_)), "{url:?}: {refusal:?}");
    }
    let long = format!("http://api.example.org:PORT/{}", "a".repeat(8 * 1024));
    assert!(matches!(refused("http://api.example.org:PORT", &long, &[]).await, Refusal::Url(_)));
}

#[tokio::test]
async fn plain_http_is_refused_unless_it_is_allowed() {
    let listener = Listener::start().await;
    let origin = format!("http://127.0.0.1:{}", listener.port());
    let encrypted_only = Allow { plain_http: false, ..Allow::loopback() };
    let answer = get(encrypted_only, Names::new(&[]), &origin, &origin).await;
    assert!(matches!(answer, Err(Error::Refused(Refusal::Plain))), "{answer:?}");
    listener.saw_nobody().await;
}

#[tokio::test]
async fn methods_headers_and_bodies_have_their_bounds() {
    let listener = Listener::start().await;
    let origin = format!("http://127.0.0.1:{}", listener.port());
    let house = Outbound::new(Allow::loopback(), Names::new(&[])).unwrap();
    let send = async |request| house.send(request, &permit(&origin), &Limits::default()).await.unwrap_err();

    let post = send(Request::new(Method::POST, &origin)).await;
    assert!(matches!(post, Error::Refused(Refusal::Method(_))), "{post:?}");
    for header in [
        "host",
        "cookie",
        "authorization",
        "connection",
        "transfer-encoding",
        "proxy-connection",
        "x-forwarded-for",
    ] {
        let mut request = Request::new(Method::GET, &origin);
        request.headers.insert(header, HeaderValue::from_static("x"));
        let refused = send(request).await;
        assert!(matches!(&refused, Error::Refused(Refusal::Header(name)) if name == header), "{refused:?}");
    }
    let mut many = Request::new(Method::GET, &origin);
    let headers = (0..65).map(|n| (format!("x-{n}").parse().unwrap(), HeaderValue::from_static("x")));
    many.headers = headers.collect::<HeaderMap>();
    assert!(matches!(send(many).await, Error::Refused(Refusal::Header(_))));
    let mut large = Request::new(Method::GET, &origin);
    large.body = vec![0; Limits::default().request_bytes + 1].into();
    assert!(matches!(send(large).await, Error::TooLarge { .. }));
    listener.saw_nobody().await;
}
