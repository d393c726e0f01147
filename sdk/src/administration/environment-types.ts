/** What changes of an environment's state give. */

export interface ChangedState {
  readonly environment: string
  readonly state: "enabled" | "disabled" | "destroyed"
  /** `false`: it was so already. */
  readonly changed: boolean
  /** Of the newest manifest. */
  readonly revision: number
  /** Where it is destroyed: until when that can be undone, by the server's word. Else `null`. */
  readonly undoUntil: string | null
}
