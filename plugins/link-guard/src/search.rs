//! Everything that leads out of a room, and what is done with it.

use std::ops::Range;

use guard_text::{Fold, Glyph, Mask, Reader};

use crate::accounts::{self, Service};
use crate::domains::Domains;
use crate::links::{self, Link};
use crate::phones;
use crate::settings::{Action, Settings};

/// Where the QR codes of WeChat, QQ, Alipay and UnionPay lead, and invitations into other networks: a domain, and how
/// the path begins.
const CODES: [(&str, &str); 18] = [
    ("weixin.qq.com", "/r/"),
    ("weixin.qq.com", "/g/"),
    ("u.wechat.com", ""),
    ("work.weixin.qq.com", "/gm/"),
    ("work.weixin.qq.com", "/ca/"),
    ("work.weixin.qq.com", "/u/"),
    ("qm.qq.com", ""),
    ("jq.qq.com", ""),
    ("qun.qq.com", ""),
    ("qr.alipay.com", ""),
    ("qr.95516.com", ""),
    ("t.me", ""),
    ("telegram.me", ""),
    ("discord.gg", ""),
    ("chat.whatsapp.com", ""),
    ("wa.me", ""),
    ("line.me", "/r/"),
    ("line.me", "/ti/"),
];
/// Schemes that open another app.
const APPS: [&str; 9] = ["weixin", "wxp", "alipays", "alipay", "mqqapi", "mqq", "tencent", "tg", "whatsapp"];

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Denied,
    LookAlike,
    Qr,
    Link,
    WeChat,
    Qq,
    Phone,
}

/// One thing found.
#[derive(Clone, Debug)]
pub(crate) struct Find {
    pub(crate) what: What,
    pub(crate) action: Action,
    /// For moderators: the host, or the kind of account. Never a person's number.
    pub(crate) detail: String,
}

/// Searches texts, in buffers that are used again.
#[derive(Debug)]
pub(crate) struct Search {
    fold: Fold,
    reader: Reader,
    allowed: Domains,
    denied: Domains,
    settings: Settings,
    mark: char,
    mask: Mask,
}

impl Search {
    pub(crate) fn new(fold: Fold, allowed: Domains, denied: Domains, settings: Settings, mark: char) -> Self {
        Self { fold, reader: Reader::default(), allowed, denied, settings, mark, mask: Mask::default() }
    }

    /// What is in a text and not allowed; and the text with what is to be covered covered, if there is such.
    pub(crate) fn text(&mut self, text: &str) -> (Vec<Find>, Option<String>) {
        self.reader.read_all(&self.fold, text);
        let glyphs = self.reader.glyphs();
        self.mask.clear();
        let mut finds = Vec::new();
        for (find, place) in self.all(glyphs) {
            if find.action == Action::Mask
                && let Some(bytes) = bytes(glyphs, place)
            {
                self.mask.cover(bytes);
            }
            finds.push(find);
        }
        let covered = (!self.mask.is_empty()).then(|| self.mask.apply(text, self.mark));
        (finds, covered)
    }

    /// What is to be done with an address behind a card or a picture. It can't be covered, so it is held instead.
    pub(crate) fn address(&self, address: &str) -> Option<Find> {
        let mut find = self.link(&links::address(&self.fold, address)?)?;
        if find.action == Action::Mask {
            find.action = Action::Hold;
        }
        Some(find)
    }

    fn all(&self, glyphs: &[Glyph]) -> Vec<(Find, Range<usize>)> {
        let links = links::find(&self.fold, glyphs);
        // Digits in a link are no phone number, and digits of an account neither.
        let mut taken: Vec<Range<usize>> = links.iter().map(|link| link.from..link.to).collect();
        let mut finds: Vec<_> =
            links.iter().filter_map(|link| Some((self.link(link)?, link.from..link.to))).collect();
        for (service, place) in accounts::find(glyphs) {
            if !overlaps(&taken, &place) {
                let (what, action, name) = match service {
                    Service::WeChat => (What::WeChat, self.settings.wechat, "WeChat"),
                    Service::Qq => (What::Qq, self.settings.qq, "QQ"),
                };
                let at = taken.partition_point(|other| other.start < place.start);
                taken.insert(at, place.clone());
                finds.push((Find { what, action, detail: name.to_owned() }, place));
            }
        }
        for place in phones::find(glyphs) {
            if !overlaps(&taken, &place) {
                let find =
                    Find { what: What::Phone, action: self.settings.phones, detail: "phone".to_owned() };
                finds.push((find, place));
            }
        }
        finds.retain(|(find, _)| find.action != Action::Allow);
        finds
    }

    fn link(&self, link: &Link) -> Option<Find> {
        if self.allowed.cover(&link.host) {
            return None;
        }
        let code = CODES.iter().any(|(host, path)| link.host == *host && link.path.starts_with(path));
        let (what, action) = if self.denied.look_like(&self.fold, &link.host) {
            (What::Denied, self.settings.denied)
        } else if self.allowed.look_like(&self.fold, &link.host) {
            (What::LookAlike, self.settings.denied)
        } else if code || APPS.contains(&link.scheme.as_str()) {
            (What::Qr, self.settings.qr)
        } else {
            (What::Link, self.settings.links)
        };
        let detail = link.host.chars().take(80).collect();
        (action != Action::Allow).then_some(Find { what, action, detail })
    }
}

/// Whether `place` shares a glyph with one of the others, which are in order.
fn overlaps(taken: &[Range<usize>], place: &Range<usize>) -> bool {
    let at = taken.partition_point(|other| other.end <= place.start);
    taken.get(at).is_some_and(|other| other.start < place.end)
}

fn bytes(glyphs: &[Glyph], place: Range<usize>) -> Option<Range<usize>> {
    let glyphs = glyphs.get(place)?;
    Some(glyphs.first()?.start as usize..glyphs.last()?.end as usize)
}

impl What {
    /// The stable word.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied-domain",
            Self::LookAlike => "look-alike",
            Self::Qr => "qr",
            Self::Link => "link",
            Self::WeChat => "wechat",
            Self::Qq => "qq",
            Self::Phone => "phone",
        }
    }

    /// For people, in Chinese and English.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Denied | Self::LookAlike => ("这个网站的链接", "a link to that site"),
            Self::Qr => ("二维码或邀请链接", "a QR or invitation link"),
            Self::Link => ("链接", "a link"),
            Self::WeChat => ("微信号", "a WeChat account"),
            Self::Qq => ("QQ 号", "a QQ account"),
            Self::Phone => ("电话号码", "a phone number"),
        }
    }
}
