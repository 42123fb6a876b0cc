//! The people with their phones.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use teahouse_wechat::AppId;

use crate::config::PersonConfig;

/// The length of every openid and unionid in WeChat's samples.
const ID_CHARACTERS: usize = 28;

/// Everyone.
pub(crate) struct People {
    seed: u64,
    people: Vec<Person>,
}

/// Someone with a phone.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) nickname: String,
    pub(crate) avatar: String,
    pub(crate) phone: Option<String>,
    pub(crate) has_unionid: bool,
    pub(crate) is_risky: bool,
    /// When they last opened each mini-program.
    pub(crate) visits: HashMap<AppId, Duration>,
}

impl People {
    pub(crate) fn new(seed: u64, people: Vec<PersonConfig>) -> Self {
        Self { seed, people: people.into_iter().map(Person::from).collect() }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Person> {
        self.people.iter()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.id == id)
    }

    pub(crate) fn with_openid(&self, app: &AppId, openid: &str) -> Option<&Person> {
        self.people.iter().find(|person| self.openid(app, &person.id) == openid)
    }

    /// Adds someone, or takes the place of whoever has the id.
    pub(crate) fn put(&mut self, person: Person) {
        match self.find_mut(&person.id) {
            Some(known) => *known = person,
            None => self.people.push(person),
        }
    }

    /// An id that is free, made from the name: the same names in the same order are the same people after a restart,
    /// and another name never gets an earlier one's openid.
    pub(crate) fn free_id(&self, nickname: &str) -> String {
        let mut count = 1;
        loop {
            let id = format!("p-{}", &self.digest("person", &[nickname, &count.to_string()])[..10]);
            if self.find(&id).is_none() {
                return id;
            }
            count += 1;
        }
    }

    /// Who the person is to the app.
    pub(crate) fn openid(&self, app: &AppId, person: &str) -> String {
        self.wechat_id("openid", &[app.as_str(), person])
    }

    /// Who the person is across apps.
    pub(crate) fn unionid(&self, person: &Person) -> Option<String> {
        person.has_unionid.then(|| self.wechat_id("unionid", &[&person.id]))
    }

    fn wechat_id(&self, kind: &str, of: &[&str]) -> String {
        let mut id = format!("o{}", self.digest(kind, of));
        id.truncate(ID_CHARACTERS);
        id
    }

    fn digest(&self, kind: &str, of: &[&str]) -> String {
        let text = format!("{}/{kind}/{}", self.seed, of.join("/"));
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }
}

impl From<PersonConfig> for Person {
    fn from(person: PersonConfig) -> Self {
        Self {
            id: person.id,
            nickname: person.nickname,
            avatar: person.avatar,
            phone: person.phone,
            has_unionid: person.unionid,
            is_risky: person.risk,
            visits: HashMap::new(),
        }
    }
}
