//! Fills our server over its REST surface: guests who sign in, rooms they make and join.

use std::{net::SocketAddr, thread};

use anyhow::{Context as _, anyhow};
use serde_json::json;

use crate::{dialect::Seat, http::Http};

/// Requests under way at the same time, so that the server can commit several people at once.
const PARALLEL: usize = 16;

/// The tokens of `count` new guests, numbered from `first`.
pub(super) fn guests(address: SocketAddr, first: usize, count: usize) -> anyhow::Result<Vec<String>> {
    in_parallel(address, (first..first + count).collect(), |http, number| {
        // Names of one length, so that frames are as well.
        let session = http.post("/v1/auth/guest", None, &json!({"name": format!("guest {number:05}")}))?;
        Ok(session["token"].as_str().context("a session without a token")?.to_owned())
    })
}

/// Rooms of `members` each for the people with `tokens`, in their order; the first of each room makes it.
pub(super) fn rooms(address: SocketAddr, tokens: &[String], members: usize) -> anyhow::Result<Vec<Seat>> {
    let owners = tokens.chunks(members).map(|room| room[0].clone()).enumerate().collect();
    let rooms = in_parallel(address, owners, |http, (number, owner)| {
        let room = json!({"name": format!("bench {number}"), "kind": "group", "visibility": "public"});
        let room = http.post("/v1/rooms", Some(&owner), &room)?;
        Ok(room["id"].as_str().context("a room without an id")?.to_owned())
    })?;
    let seats: Vec<_> = tokens
        .iter()
        .enumerate()
        .map(|(at, token)| Seat { token: token.clone(), room: Some(rooms[at / members].clone()) })
        .collect();
    let joining = (0..seats.len()).filter(|at| at % members != 0).map(|at| seats[at].clone()).collect();
    in_parallel(address, joining, |http, seat: Seat| {
        let path = format!("/v1/rooms/{}/join", seat.room.unwrap_or_default());
        http.post(&path, Some(&seat.token), &json!({})).map(drop)
    })?;
    Ok(seats)
}

/// Does `work` for each of `items`, on several connections; the results come in the items' order.
fn in_parallel<Item: Send, Out: Send>(
    address: SocketAddr,
    items: Vec<Item>,
    work: impl Fn(&mut Http, Item) -> anyhow::Result<Out> + Sync,
) -> anyhow::Result<Vec<Out>> {
    let total = items.len();
    let mut shares: Vec<Vec<(usize, Item)>> = (0..PARALLEL).map(|_| Vec::new()).collect();
    for (at, item) in items.into_iter().enumerate() {
        shares[at % PARALLEL].push((at, item));
    }
    let work = &work;
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = shares
            .into_iter()
            .filter(|share| !share.is_empty())
            .map(|share| {
                scope.spawn(move || -> anyhow::Result<Vec<(usize, Out)>> {
                    let mut http = Http::connect(address)?;
                    share.into_iter().map(|(at, item)| Ok((at, work(&mut http, item)?))).collect()
                })
            })
            .collect();
        let mut done = Vec::with_capacity(total);
        for worker in workers {
            done.extend(worker.join().map_err(|_| anyhow!("a provisioning thread panicked"))??);
        }
        anyhow::Ok(done)
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, out)| out).collect())
}
