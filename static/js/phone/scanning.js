export async function canScan() { return false; }
// Texts of the codes that come before the camera; ends with `signal`. `video` is a <video> on the page.
export async function* scan(video, signal) {}
