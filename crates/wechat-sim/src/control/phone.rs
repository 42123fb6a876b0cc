//! People, and what their phones give to a mini-program.

use poem::{
    handler,
    web::{Data, Json},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use teahouse_wechat::AppId;

use super::complaint::{Complaint, Told};
use crate::{
    phone::{self, Spoil, UserData, Wish},
    state::{Shared, World, logins::CodeKind, people::Person},
};

/// Someone, as the app knows them.
#[derive(Debug, Serialize)]
struct PersonCard {
    id: String,
    openid: String,
    unionid: Option<String>,
    nickname: String,
    avatar: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NewPerson {
    id: Option<String>,
    nickname: Option<String>,
    avatar: Option<String>,
    phone: Option<String>,
    unionid: Option<bool>,
    risk: bool,
}

/// Who holds which mini-program open, and how its data is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    person: String,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    rotate: bool,
    #[serde(default)]
    spoil: Option<Spoil>,
    #[serde(default)]
    anonymous: bool,
}

#[derive(Debug, Serialize)]
struct LoggedIn {
    code: String,
    #[serde(flatten)]
    data: UserData,
}

/// Everyone, with the ids that the first app knows them by.
#[handler]
pub(super) fn list_people(Data(world): Data<&Shared>) -> poem::Result<Json<Value>> {
    let world = world.lock();
    let app = app(&world, None)?;
    let items: Vec<PersonCard> = world.people.all().map(|person| card(&world, &app, person)).collect();
    Ok(Json(json!({ "items": items })))
}

/// Adds someone, or changes whoever has the id.
#[handler]
pub(super) fn add_person(
    Data(world): Data<&Shared>,
    Told(new): Told<NewPerson>,
) -> poem::Result<Json<Value>> {
    let mut world = world.lock();
    let app = app(&world, None)?;
    let nickname = new.nickname.unwrap_or_else(|| "茶客".to_owned());
    let id = new.id.unwrap_or_else(|| world.people.free_id(&nickname));
    let person = Person {
        id,
        nickname,
        avatar: new.avatar.unwrap_or_default(),
        phone: new.phone,
        has_unionid: new.unionid.unwrap_or(true),
        is_risky: new.risk,
        visits: Default::default(),
    };
    world.people.put(person.clone());
    Ok(Json(json!(card(&world, &app, &person))))
}

/// `wx.login` and `wx.getUserInfo` together.
#[handler]
pub(super) fn login(Data(world): Data<&Shared>, Told(screen): Told<Screen>) -> poem::Result<Json<Value>> {
    let world = &mut *world.lock();
    let (app, person) = open(world, &screen)?;
    if screen.rotate {
        world.logins.rotate(&app, &person.id, &mut world.chance);
    }
    let code = phone::login(world, &app, &person.id);
    let data = phone::user_data(world, &app, &person, screen.wish());
    Ok(Json(json!(LoggedIn { code, data })))
}

/// `wx.getUserInfo` alone.
#[handler]
pub(super) fn user_info(Data(world): Data<&Shared>, Told(screen): Told<Screen>) -> poem::Result<Json<Value>> {
    let world = &mut *world.lock();
    let (app, person) = open(world, &screen)?;
    Ok(Json(json!(phone::user_data(world, &app, &person, screen.wish()))))
}

/// What a `getPhoneNumber` button gives.
#[handler]
pub(super) fn phone_code(
    Data(world): Data<&Shared>,
    Told(screen): Told<Screen>,
) -> poem::Result<Json<Value>> {
    let world = &mut *world.lock();
    let (app, person) = open(world, &screen)?;
    if person.phone.is_none() {
        return Err(Complaint::bad("this person has no phone number").into());
    }
    let now = world.clock.now();
    let code = world.logins.issue(CodeKind::Phone, &app, &person.id, now, &mut world.chance);
    Ok(Json(json!({ "code": code })))
}

/// The person's session key is replaced, as WeChat does when it likes.
#[handler]
pub(super) fn expire(Data(world): Data<&Shared>, Told(screen): Told<Screen>) -> poem::Result<Json<Value>> {
    let world = &mut *world.lock();
    let (app, person) = open(world, &screen)?;
    world.logins.rotate(&app, &person.id, &mut world.chance);
    Ok(Json(json!({})))
}

impl Screen {
    fn wish(&self) -> Wish {
        Wish { spoil: self.spoil, anonymous: self.anonymous }
    }
}

fn card(world: &World, app: &AppId, person: &Person) -> PersonCard {
    PersonCard {
        id: person.id.clone(),
        openid: world.people.openid(app, &person.id),
        unionid: world.people.unionid(person),
        nickname: person.nickname.clone(),
        avatar: person.avatar.clone(),
    }
}

/// The app and the person that a call names.
fn open(world: &World, screen: &Screen) -> Result<(AppId, Person), Complaint> {
    let app = app(world, screen.app_id.as_deref())?;
    let person = world.people.find(&screen.person).cloned();
    Ok((app, person.ok_or_else(|| Complaint::missing("no such person"))?))
}

/// The named app, or the first one.
pub(super) fn app(world: &World, id: Option<&str>) -> Result<AppId, Complaint> {
    let app = match id {
        Some(id) => world.apps.find(id),
        None => world.apps.first(),
    };
    app.map(|app| app.app_id.clone()).ok_or_else(|| Complaint::missing("no such app"))
}
