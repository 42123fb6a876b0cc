use guard_text::Reader;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn links(text: &str) -> Vec<(String, String)> {
    let (fold, mut reader) = (Fold::new(), Reader::default());
    reader.read_all(&fold, text);
    let place = |link: &Link| {
        let glyphs = &reader.glyphs()[link.from..link.to];
        text[glyphs[0].start as usize..glyphs[glyphs.len() - 1].end as usize].to_owned()
    };
    find(&fold, reader.glyphs()).iter().map(|link| (place(link), link.host.clone())).collect()
}

#[track_caller]
fn finds(text: &str, written: &str, host: &str) {
    assert_eq!(links(text), [(written.to_owned(), host.to_owned())], "in {text}");
}

#[track_caller]
fn misses(text: &str) {
    assert_eq!(links(text), Vec::new(), "in {text}");
}

#[test]
fn links_with_a_scheme() {
    finds("看 https://a.example.com/x?y=1#z 吧", "https://a.example.com/x?y=1#z", "a.example.com");
    finds("HTTPS://Example.COM。", "HTTPS://Example.COM", "example.com");
    finds("hxxp://evil.zip", "hxxp://evil.zip", "evil.zip");
    finds("https://good.com@evil.net/", "https://good.com@evil.net/", "evil.net");
    finds("https://localhost:8080/x", "https://localhost:8080/x", "localhost");
    finds("看https://a.cn/好", "https://a.cn/", "a.cn");
    finds("(see http://a.cn/b).", "http://a.cn/b", "a.cn");
    finds("ｈｔｔｐ：／／ａ．ｃｎ", "ｈｔｔｐ：／／ａ．ｃｎ", "a.cn");
}

#[test]
fn links_without_a_scheme() {
    finds("上example.com看看", "example.com", "example.com");
    finds("visit example.com.Then leave", "example.com", "example.com");
    finds("www.example.museum", "www.example.museum", "www.example.museum");
    finds("t.me/joinchat", "t.me/joinchat", "t.me");
    finds("bit.ly/abc!", "bit.ly/abc", "bit.ly");
    finds("a.b.c.example.co.uk", "a.b.c.example.co.uk", "a.b.c.example.co.uk");
    finds("10.0.0.1:8080", "10.0.0.1:8080", "10.0.0.1");
    finds("exa\u{200b}mple.c\u{200b}om", "exa\u{200b}mple.c\u{200b}om", "example.com");
}

/// What programmers write is a link all the same where a path follows, or another host is written like it.
#[test]
fn links_that_look_like_code() {
    finds("socket.io/docs", "socket.io/docs", "socket.io");
    finds("上 mysocket.io 看", "mysocket.io", "mysocket.io");
    finds("tea.name", "tea.name", "tea.name");
    finds("cn.example.com", "cn.example.com", "cn.example.com");
    finds("example.com.cn", "example.com.cn", "example.com.cn");
}

#[test]
fn hidden_dots() {
    for text in [
        "example。com",
        "example．com",
        "example点com",
        "example 点 com",
        "example[.]com",
        "example(dot)com",
        "example dot com",
        "example . com",
        "example·com",
        "ｅｘａｍｐｌｅ。ｃｏｍ",
    ] {
        finds(text, text, "example.com");
    }
    finds("去www点example点com", "www点example点com", "www.example.com");
}

#[test]
fn names_in_other_scripts() {
    finds("例子.中国", "例子.中国", "例子.中国");
    finds("example.公司", "example.公司", "example.公司");
    finds("例子.com", "例子.com", "例子.com");
    finds("xn--fsqu00a.xn--fiqs8s", "xn--fsqu00a.xn--fiqs8s", "例子.中国");
    finds("gооgle.com", "gооgle.com", "gооgle.com");
    finds("bücher.de", "bücher.de", "bucher.de");
}

#[test]
fn what_is_no_link() {
    for text in [
        "It works.As you see, so it is.",
        "I did it.Me too. Top players. Net income",
        "main.rs and README.md, a.txt",
        "version 1.2.3.4, π is 3.14159",
        "我喜欢Python。Top 10 是什么？",
        "他用的是.net框架",
        "write to ann@example.com",
        "e.g. this, i.e. that, U.S.A.",
        "好的...com",
        "点击中国",
        "10.30开会",
        "微信小程序 wx.connectSocket 报错1006",
        "ASP.NET Core 8 和 VB.NET",
        "用 Socket.IO 写的",
        "Socket.IO客户端怎么重连",
        "Node.js、Vue.js、Next.js 都行",
        "D3.js v7.8.5",
        "java.net.Socket 和 System.IO",
        "console.info(x) 打印 event.target.name",
        "包名 com.example.app",
        "org.apache.maven.live",
        "把 id_rsa.pub 发给我",
        "package.json、index.html、app.vue、main.go、setup.py",
        "升级到 v2.10.0-beta.3",
        "Python 3.12.1",
        "3.5mm 耳机孔，5.1 声道",
        "://",
        "a://",
        "http://",
        "-.com",
    ] {
        misses(text);
    }
}

#[test]
fn an_address_has_its_host() {
    let fold = Fold::new();
    let link = address(&fold, "https://U.WeChat.com/abc").expect("an address");
    assert_eq!((link.host.as_str(), link.path.as_str()), ("u.wechat.com", "/abc"));
    assert_eq!(address(&fold, "/relative"), None);
}

#[test]
fn long_texts_take_no_long_time() {
    for part in ["a.", "a。", "http://", "a dot ", "例.", "://a@", "www."] {
        let _ = links(&part.repeat(4_000 / part.chars().count()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_text_is_taken(text in "([a-z0-9:/@. 。点例]|http://|www\\.|\\.com|.){0,60}") {
        let mut last = 0;
        let (fold, mut reader) = (Fold::new(), Reader::default());
        reader.read_all(&fold, &text);
        for link in find(&fold, reader.glyphs()) {
            prop_assert!(link.from >= last && link.from < link.to && link.to <= reader.glyphs().len());
            last = link.to;
        }
    }
}
