// What a room is called: most are numbers, some have names of their own.

import { text } from "./texts.js";

export const roomName = (room) => (/^[0-9]/.test(room) ? text("room", { room }) : room);
