// One connection to a camera, by WHEP. No STUN or TURN server is asked: the service's own addresses
// are in its answer, and it finds this browser by the first packet that comes.

import { remove, send } from "./api.js";

const LOST_MS = 6_000;

/**
 * Look at a camera; `lost` is called once when the connection is over without having been closed.
 *
 * Returns what is being looked at: `stream`, `viewer` (its id) and `close()`. Throws ApiError.
 */
export async function look(camera, view, lost, { signal } = {}) {
  const peer = new RTCPeerConnection({ iceServers: [] });
  const { receiver } = peer.addTransceiver("video", { direction: "recvonly" });
  // As little as the browser can do with: this is no film.
  if ("jitterBufferTarget" in receiver) {
    receiver.jitterBufferTarget = 0;
  }
  let viewer = null;
  let closed = false;
  let patience = null;

  function close() {
    if (closed) {
      return;
    }
    closed = true;
    clearTimeout(patience);
    peer.close();
    if (viewer) {
      // Even from a page that is being left.
      remove(`live/${viewer}`, { key: null, keepalive: true, anonymous: true }).catch(() => {});
    }
  }

  function over() {
    if (!closed) {
      close();
      lost();
    }
  }

  peer.addEventListener("connectionstatechange", () => {
    clearTimeout(patience);
    if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      over();
    } else if (peer.connectionState === "disconnected") {
      patience = setTimeout(over, LOST_MS);
    }
  });
  signal?.addEventListener("abort", close, { once: true });
  try {
    await peer.setLocalDescription();
    const answer = await send("POST", `cameras/${encodeURIComponent(camera)}/whep?view=${view}`, {
      text: peer.localDescription.sdp,
      headers: { "Content-Type": "application/sdp", Accept: "application/sdp, application/problem+json" },
      key: null,
      raw: true,
    });
    viewer = answer.headers.get("location").split("/").pop();
    if (closed) {
      // Left while the service was asked: it must not go on sending.
      closed = false;
      close();
      throw new DOMException("left", "AbortError");
    }
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  } catch (problem) {
    close();
    throw problem;
  }
  patience = setTimeout(over, 3 * LOST_MS);
  return { stream: new MediaStream([receiver.track]), viewer, close };
}
