//! Domains that an admin named, with all below them.

use std::collections::BTreeSet;

use guard_text::Fold;

use crate::punycode;

/// A set of domains.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    names: BTreeSet<String>,
    /// The same as they look, so that what only looks like one is known.
    looks: BTreeSet<String>,
}

impl Domains {
    /// Reads names such as `example.com`, `*.example.com` and `https://example.com/`; all stand for the domain and
    /// what is below it.
    ///
    /// # Errors
    /// The first that is no domain.
    pub(crate) fn read(fold: &Fold, names: &[String]) -> Result<Self, String> {
        let mut domains = Self::default();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
            let bare = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
            let bare = bare.strip_prefix("*.").unwrap_or(bare).trim_matches('.');
            let host = normal(fold, bare);
            let good = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            };
            if host.len() > 253 || !host.split('.').all(good) {
                let name: String = name.chars().take(60).collect();
                return Err(format!("“{name}” is no domain 不是域名"));
            }
            domains.looks.insert(look(fold, &host));
            domains.names.insert(host);
        }
        Ok(domains)
    }

    /// Whether `host`, in its normal form, is one of these or below one.
    pub(crate) fn cover(&self, host: &str) -> bool {
        above(host).any(|name| self.names.contains(name))
    }

    /// Whether `host` looks like one of these or what is below one; those themselves do.
    pub(crate) fn look_like(&self, fold: &Fold, host: &str) -> bool {
        !self.looks.is_empty() && above(&look(fold, host)).any(|name| self.looks.contains(name))
    }
}

/// A host in its normal form: folded, and as people see it.
pub(crate) fn normal(fold: &Fold, host: &str) -> String {
    let folded: String = host.trim_matches('.').chars().filter_map(|c| fold.letter(c)).collect();
    let labels: Vec<String> =
        folded.split('.').map(|label| punycode::decode(label).unwrap_or_else(|| label.to_owned())).collect();
    labels.join(".")
}

/// `a.b.c`, `b.c`, `c`.
fn above(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, above)| above))
}

fn look(fold: &Fold, host: &str) -> String {
    host.chars().map(|c| fold.key(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(names: &[&str]) -> Result<Domains, String> {
        Domains::read(&Fold::new(), &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_domain_stands_for_what_is_below_it() {
        let domains = domains(&["*.Example.com", "https://shop.cn/x", " ", "例子.中国"]).expect("domains");
        for host in ["example.com", "a.b.example.com", "shop.cn", "例子.中国"] {
            assert!(domains.cover(host), "{host}");
        }
        for host in ["com", "badexample.com", "example.com.evil.net", "cn", ""] {
            assert!(!domains.cover(host), "{host}");
        }
    }

    #[test]
    fn what_looks_like_one_is_known() {
        let fold = Fold::new();
        let domains = domains(&["paypal.com"]).expect("domains");
        for host in ["paypa1.com", &normal(&fold, "www.pаypal.com"), &normal(&fold, "xn--pypal-4ve.com")] {
            assert!(domains.look_like(&fold, host) && !domains.cover(host), "{host}");
        }
        assert!(!domains.look_like(&fold, "paypals.com"));
    }

    #[test]
    fn what_is_no_domain_is_named() {
        for name in ["a b.com", "a..b", &"x".repeat(64)] {
            assert!(domains(&[name]).is_err(), "{name}");
        }
    }
}
