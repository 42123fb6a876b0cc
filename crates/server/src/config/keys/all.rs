//! The table of the keys, in the order of the reference.

use super::Key;
use crate::config::kind::Kind;

const fn key(path: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    Key { path, kind, default: Some(default), meaning }
}

const fn unset(path: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { path, kind, default: None, meaning }
}

const UNBOUNDED: i64 = i64::MAX;
const COUNT: Kind = Kind::Number(0..=u32::MAX as i64);

/// Every key, sections together.
pub(crate) static ALL: &[Key] = &[
    key(
        "mode",
        Kind::Choice(&["development", "production"]),
        "development",
        "`development` needs no preparation: SQLite, WeChat's simulator, guests. `production` refuses what is unsafe outside of it.",
    ),
    key(
        "data_dir",
        Kind::Path,
        "./data",
        "The folder for what the server itself keeps: the SQLite database, and in development the generated key. What is in it only the server's user can read, whatever the folder's mode.",
    ),
    key(
        "server.listen",
        Kind::Address,
        "127.0.0.1:8080",
        "Where to listen. Port 0 takes a free one; the ready line tells which.",
    ),
    key(
        "server.workers",
        Kind::Number(0..=1024),
        "0",
        "Threads that serve connections. 0: one for each core. 1: a single-threaded runtime, the most economic for small servers.",
    ),
    unset(
        "server.public_url",
        Kind::Url(&["https://", "http://"]),
        "How the server is reached from outside, for the links that it prints. None: the address that it listens on.",
    ),
    key(
        "server.cors_origins",
        Kind::Texts,
        "[]",
        "Web pages of these origins (`https://shop.example`) may call the REST interface; `*`: of any. Mini-programs need none.",
    ),
    key(
        "server.drain_s",
        Kind::Number(0..=600),
        "10",
        "How many seconds a stopping server gives its connections to finish.",
    ),
    key(
        "server.development_hosts",
        Kind::Texts,
        "[]",
        "In development mode, by which host names and addresses the server answers beside those of the loopback and of `public_url`, such as `192.168.1.7`. Under any other name it answers nothing, and to pages from elsewhere nothing: whoever reaches a development server can be anyone on it.",
    ),
    key(
        "server.simulator_reach",
        Kind::Texts,
        "[]",
        "Where WeChat's simulator may push to and fetch from, beside this server itself: origins such as `http://127.0.0.1:9000`.",
    ),
    unset(
        "server.metrics_listen",
        Kind::Address,
        "Where `/metrics` and `/readyz` answer, by http. With it the public port answers them no more. None: at `server.listen`, for everybody who reaches it.",
    ),
    unset(
        "server.http_redirect_listen",
        Kind::Address,
        "Where requests by http are sent on to `server.public_url`, such as `0.0.0.0:80` beside TLS at port 443.",
    ),
    key(
        "server.trusted_proxies",
        Kind::Texts,
        "[]",
        "Addresses and networks (`127.0.0.1`, `10.0.0.0/8`, `fd00::/8`) of proxies before the server. Only their word for a client's address counts; with it, limits by address hold behind them.",
    ),
    key(
        "server.proxy_header",
        Kind::Choice(&["x_forwarded_for", "forwarded"]),
        "x_forwarded_for",
        "Where trusted proxies say whom they pass on: `X-Forwarded-For`, or `Forwarded` (RFC 7239). It must be the one that they write themselves: the other comes through as the client sent it.",
    ),
    key(
        "server.proxy_protocol",
        Kind::Flag,
        "false",
        "Whether trusted proxies begin each connection with the PROXY protocol, version 1 or 2. Those that don't are refused then.",
    ),
    unset(
        "tls.certificate",
        Kind::Path,
        "The server's certificate and those that lead to a known authority, as PEM. With it the port speaks `https` and `wss`. The file is read again when it changes.",
    ),
    unset(
        "tls.key",
        Kind::Path,
        "The certificate's private key, as PEM without a password. Read again likewise.",
    ),
    key(
        "tls.acme_domains",
        Kind::Texts,
        "[]",
        "Domains that lead here, for which certificates are got by ACME, in place of `tls.certificate`. The authority must reach port 443.",
    ),
    key("tls.acme_contact", Kind::Texts, "[]", "Mail addresses to which the authority may write."),
    key(
        "tls.acme_directory",
        Kind::Url(&["https://"]),
        "https://acme-v02.api.letsencrypt.org/directory",
        "The authority. The default is Let's Encrypt, whose terms of service are agreed to with it.",
    ),
    unset(
        "tls.acme_cache",
        Kind::Path,
        "Where the account and the certificates are kept. None: `data_dir/acme`.",
    ),
    unset(
        "tls.acme_root",
        Kind::Path,
        "The root certificates of an authority of one's own, as PEM. None: Mozilla's list.",
    ),
    key("tls.handshake_s", Kind::Number(1..=600), "10", "How long a client may take for a TLS handshake."),
    key(
        "tls.handshakes",
        Kind::Number(8..=1_000_000),
        "1024",
        "TLS handshakes under way at once, of which one address may have an eighth. Connections beyond are dropped.",
    ),
    unset(
        "database.url",
        Kind::Url(&["sqlite:", "postgres://", "postgresql://"]),
        "The database. None: SQLite in `data_dir/teahouse.db`.",
    ),
    key(
        "database.max_connections",
        Kind::Number(1..=1000),
        "8",
        "The most connections held to the database, at least 2 to PostgreSQL: half of them write. SQLite uses all of them for reading; it writes through one more.",
    ),
    key(
        "database.write_timeout_ms",
        Kind::Number(100..=600_000),
        "10000",
        "How long a transaction of messages may take, in milliseconds. Past it it is given up, and its senders are told to try again.",
    ),
    key(
        "database.stalled_after_ms",
        Kind::Number(100..=600_000),
        "5000",
        "How long writes may stand still, in milliseconds, before `/readyz` answers 503. They stand still while one batch is under way, and while the database refuses all.",
    ),
    key(
        "wechat.api_base",
        Kind::Url(&["https://", "http://"]),
        "https://api.weixin.qq.com",
        "Where WeChat's server API is. In development, unless written: the server's own simulator.",
    ),
    key(
        "wechat.timeout_ms",
        Kind::Number(1..=120_000),
        "5000",
        "The longest that one operation with WeChat may take, retries included.",
    ),
    key(
        "wechat.watermark_max_age_s",
        Kind::Number(1..=u32::MAX as i64),
        "600",
        "How old encrypted data from a mini-program may be.",
    ),
    key(
        "wechat.apps",
        Kind::Apps,
        "[]",
        "The mini-programs whose people may sign in; the first is meant where a client names none. In development, unless written: the simulator's.",
    ),
    key(
        "guests.allowed",
        Kind::Flag,
        "false",
        "Whether people may come in without an account. True in development unless written.",
    ),
    key(
        "sessions.ttl_s",
        Kind::Number(1..=u32::MAX as i64),
        "2592000",
        "A session that is not used for so many seconds ends; 30 days unless written.",
    ),
    key("sessions.one_device", Kind::Flag, "false", "Whether signing in ends the user's other sessions."),
    key(
        "chat.history",
        Kind::Flag,
        "true",
        "Whether messages are stored. False is for benchmarks alone: nothing survives, nothing can be resumed.",
    ),
    key(
        "chat.heartbeat_s",
        Kind::Number(1..=3600),
        "25",
        "How often the server pings a connection. It drops one that was silent for twice that.",
    ),
    key(
        "chat.lobby_name",
        Kind::Text,
        "大堂 Lobby",
        "The name of the room that everyone is in, when it is made on the first start.",
    ),
    key(
        "chat.outgoing_frames",
        Kind::Number(1..=1_000_000),
        "16384",
        "The most frames that wait for one connection. Past it the connection is closed with 4029, and resumes.",
    ),
    key(
        "chat.outgoing_bytes",
        Kind::Number(1024..=UNBOUNDED),
        "8388608",
        "The most bytes that wait for one connection.",
    ),
    key(
        "chat.page_bytes",
        Kind::Number(1024..=UNBOUNDED),
        "524288",
        "About the most bytes of messages in a page of history, of a room's log, of what is held or under review, and in what a `join` brings. What is left is the next page.",
    ),
    key(
        "chat.offline_after_ms",
        Kind::Number(0..=3_600_000),
        "10000",
        "How long after their last connection is gone somebody counts as offline: a phone that lost the network in a lift is back by then.",
    ),
    key(
        "chat.decisions_kept_days",
        Kind::Number(0..=36_500),
        "90",
        "How long what moderators decided is kept, with what was said: held messages that were released or refused, and closed reviews. 0: for ever. What waits for them is never swept.",
    ),
    key(
        "chat.gather_ms",
        Kind::Number(1..=60_000),
        "1000",
        "How often who was last seen when, and who has read how far, is written down together: each alone would hold up messages. What a node that dies had gathered is lost.",
    ),
    key(
        "plugins.enabled",
        Kind::Flag,
        "true",
        "Whether plugins run at all. False: none is loaded, and what is installed stays as it is.",
    ),
    key(
        "plugins.bundled",
        Kind::Flag,
        "true",
        "Whether the plugins that come with the server are installed when it first meets them.",
    ),
    key(
        "plugins.require_signature",
        Kind::Flag,
        "true",
        "Whether only packages signed by one of `trusted_keys` are installed. False in development unless written.",
    ),
    key(
        "plugins.trusted_keys",
        Kind::Texts,
        "[]",
        "Whose packages are trusted: `teahouse-plugin-public:BASE64 Name` each, as `teahouse plugin key` prints them.",
    ),
    unset(
        "plugins.cache",
        Kind::Path,
        "Where compiled components are kept, in a folder that nobody else can write. None: `data_dir/plugins`.",
    ),
    key(
        "plugins.filter_instances",
        Kind::Number(0..=64),
        "0",
        "Warm instances of one filter. 0: as many as there are cores, at most 4.",
    ),
    key(
        "plugins.allow_private_hosts",
        Kind::Flag,
        "false",
        "Whether the capability `http` may use plain http and reach private addresses, such as this machine's own.",
    ),
    key(
        "plugins.chain_budget_ms",
        Kind::Number(1..=500),
        "100",
        "How long all filters of one message may take together. One for which that is not enough is refused as `unavailable`, and never passes unchecked.",
    ),
    key(
        "plugins.filter_wait_ms",
        Kind::Number(10..=10_000),
        "2000",
        "How long a message waits for filters that others use. Past it, it is refused as `unavailable`, to be sent again.",
    ),
    key(
        "plugins.filter_waiting_per_user",
        Kind::Number(1..=1_000),
        "16",
        "Calls of one filter that wait on behalf of one user, who all take turns. One more is refused as `unavailable` at once.",
    ),
    key("plugins.max_hops", Kind::Number(1..=5), "3", "How many bots in a row may answer each other."),
    key(
        "limits.messages_per_second",
        COUNT,
        "20",
        "Messages and other changes that one user may make, over all their connections and REST, averaged: edits, recalls, reactions, presses, and whatever else goes into a room's log. 0: no limit.",
    ),
    key("limits.message_burst", COUNT, "60", "As many of these at once. 0: as many as a second allows."),
    key(
        "limits.signals_per_second",
        COUNT,
        "30",
        "What one user may ask or tell that goes into no log, over all their connections and REST, averaged: read marks, signs of typing, joins and listens of sockets, questions for presence. Ten people asked about, or ten rooms named, count as one more. 0: no limit.",
    ),
    key("limits.signal_burst", COUNT, "300", "As many of these at once. 0: as many as a second allows."),
    key(
        "limits.reads_per_second",
        COUNT,
        "2000",
        "Messages and events that one user may read from the rooms' logs a second, averaged, over all their connections and REST. Who reads more waits, and is not refused. 0: no limit.",
    ),
    key("limits.read_burst", COUNT, "10000", "As many of these at once. 0: as many as a second allows."),
    key(
        "limits.connections_per_user",
        COUNT,
        "32",
        "Connections that one user may hold. One more, and the oldest is told `too_many_connections` and closed with 4002. 0: no limit.",
    ),
    key(
        "limits.rooms_per_connection",
        COUNT,
        "2000",
        "Rooms that one connection may listen to. `listen` to all hears the oldest of them. 0: no limit.",
    ),
    key(
        "limits.watched_per_connection",
        COUNT,
        "1000",
        "People whose coming and going one connection may watch by `presence`. 0: no limit.",
    ),
    key(
        "limits.connections_per_address",
        COUNT,
        "10000",
        "Connections that one address may hold; an IPv6 network of /64 counts as one address. 0: no limit. Behind a proxy set `server.trusted_proxies`, or all come from its address.",
    ),
    key(
        "limits.session_openings_per_minute",
        COUNT,
        "60",
        "Sockets that one session may open in a minute; each further one is told `rate_limited` and closed with 4029. 0: no limit.",
    ),
    key(
        "limits.address_openings_per_minute",
        COUNT,
        "10000",
        "Sockets that one address may open in a minute. 0: no limit, as behind a proxy.",
    ),
    key(
        "limits.sign_ins_per_minute",
        COUNT,
        "300",
        "Sign-ins from one address. 0: no limit. Behind a proxy see `connections_per_address`.",
    ),
    key(
        "limits.strangers_per_minute",
        COUNT,
        "60",
        "Sockets that one address may open without a valid session; each is told so and closed. 0: no limit.",
    ),
    key(
        "limits.guest_return_s",
        Kind::Number(0..=86_400),
        "3600",
        "How long a guest of the tutorials' doors, whose clients can keep no token, may come again after their socket is gone: a client of the same kind from the same address is that guest, and no new one is made. 0: each connection is a new guest.",
    ),
    key("limits.requests_per_second", COUNT, "50", "REST requests of one user, averaged. 0: no limit."),
    key(
        "limits.requests_at_once",
        COUNT,
        "32",
        "REST requests of one user that may be under way at the same time. 0: no limit.",
    ),
    key(
        "limits.requests_at_once_per_address",
        COUNT,
        "512",
        "HTTP requests of one address that may be under way at the same time, from their heads to the last byte of their answers. 0: no limit, as behind a proxy that the server is not told of.",
    ),
    key(
        "limits.stranger_requests_per_second",
        COUNT,
        "100",
        "HTTP requests of one address, averaged, that show no session and no key that is good: sign-ins, guesses, health and metrics. 0: no limit, as behind a proxy.",
    ),
    key(
        "limits.header_ms",
        Kind::Number(1..=600_000),
        "15000",
        "How long a client may take for the head of a request; also how long a connection is kept that asks for nothing.",
    ),
    key(
        "limits.stall_ms",
        Kind::Number(0..=600_000),
        "15000",
        "How long the body of a request may stand still on its way, and the taking of an answer. Then the request is refused with `request_timeout`, or the connection is cut. 0: no limit.",
    ),
    key(
        "limits.bytes_per_second",
        COUNT,
        "1024",
        "How much of a body must come, and of an answer be taken, each second: averaged over the time that the server waits for the client, and beyond `stall_ms`. 0: only standing still is bounded.",
    ),
    key(
        "limits.frames_per_second",
        COUNT,
        "50",
        "Frames of any kind on one connection, averaged. 0: no limit.",
    ),
    key("limits.frame_burst", COUNT, "200", "Frames at once on one connection."),
    key(
        "limits.user_frames_per_second",
        COUNT,
        "100",
        "Frames of any kind of one user over all their connections, averaged. 0: no limit.",
    ),
    key(
        "limits.user_frame_burst",
        COUNT,
        "400",
        "Frames at once of one user. 0: as many as a second allows.",
    ),
    key(
        "limits.bad_frames_per_minute",
        COUNT,
        "20",
        "Malformed frames on one connection; one more closes it with 1008. 0: no limit.",
    ),
    key(
        "limits.frame_bytes",
        Kind::Number(1024..=16_777_216),
        "65536",
        "The largest frame that a client may send.",
    ),
    key("limits.body_bytes", Kind::Number(1024..=67_108_864), "65536", "The largest body of a REST request."),
    key(
        "limits.rooms_per_day",
        COUNT,
        "50",
        "Rooms that one user may make in a day; they come back one by one over the day. 0: no limit.",
    ),
    key(
        "limits.directs_per_day",
        COUNT,
        "50",
        "Direct conversations that one user may begin with strangers in a day. 0: no limit.",
    ),
    key(
        "limits.invitations_per_day",
        COUNT,
        "200",
        "Invitations into rooms that one user may send in a day. 0: no limit.",
    ),
    key(
        "limits.invitations_waiting",
        COUNT,
        "200",
        "Invitations of one user that may wait for an answer. 0: no limit.",
    ),
    key(
        "log.format",
        Kind::Choice(&["human", "json"]),
        "human",
        "How log lines look. They go to standard error.",
    ),
    key(
        "log.level",
        Kind::Text,
        "info",
        "What is logged: `error`, `warn`, `info`, `debug`, `trace`, or by module, such as `info,teahouse_chat=debug`.",
    ),
    unset(
        "secrets.key",
        Kind::Secret,
        "32 random bytes in base64: what WeChat's session keys are encrypted with at rest. In development, unless written, it is made once and kept in `data_dir/secrets.key`. Make one with `openssl rand -base64 32`.",
    ),
];
