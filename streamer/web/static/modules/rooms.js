// What a room is called: most are numbers, some have names of their own.

import { text } from "./texts.js";

export function roomName(room) {
  const said = /^[0-9]/.test(room) ? text("room", { room }) : room;
  return said.charAt(0).toUpperCase() + said.slice(1);
}
