#![doc = include_str!("../README.md")]

mod answer;
mod asset;
mod body;
mod document;
mod door;
mod framing;
mod limits;
mod once;
mod operations;
mod page;
mod problem;
mod routes;
mod shapes;
mod signposts;
mod tutorial;
mod upload;
mod wafer;

pub use asset::Asset;
pub use framing::{Cors, CorsEndpoint, Origins, framed};
pub use limits::{ApiLimits, Counted, Strangers};
pub use problem::{refusal, status_of};
pub use routes::{ApiParts, openapi_json, routes};
