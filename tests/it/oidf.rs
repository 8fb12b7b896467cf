//! What the modules of the certification suite ask (docs/oidf.md), asked as they ask it: by a
//! confidential client without PKCE, answered in the query and in a form the browser posts.

mod claims;
mod codes;
mod discovery;
mod logout;
mod person;
mod prompts;
mod refresh;
mod requests;
mod scene;
mod signatures;
mod table;
