// Everything the gateway asks of its database, in the gateway's own words. Every method is one transaction; what a
// method has answered is on disk. Lookups take the site, the user or the identity, never a naked id.

import type { AccessStore } from './access-store.ts'
import type { CloudStore } from './cloud-store.ts'
import type { Problem } from './errors.ts'
import type { FeedStore, GraphStore } from './graph-store.ts'
import type { InvitationStore } from './invitation-store.ts'
import type { LinkStore } from './link-store.ts'
import type { LoginStore } from './login-store.ts'
import type {
  App,
  Connection,
  Identity,
  PageOf,
  PageQuery,
  Posting,
  Profile,
  SettingsChange,
  Site,
  SiteSecrets,
  SiteSettings,
  Snapshot,
  SnapshotHead,
  Tokens,
  User,
} from './model.ts'
import type { MovingStore } from './moving.ts'
import type { PeopleStore } from './people-store.ts'
import type { ReportStore } from './report-store.ts'
import type { MessageStore, PublicationStore } from './sharing-store.ts'
import type { SignerStore } from './signer-store.ts'
import type { MessageSnapshotStore } from './snapshot-store.ts'
import type { SsoStore } from './sso-store.ts'
import type { UserInfoStore } from './user-info-store.ts'
import type { WebhookStore } from './webhook-store.ts'

/** A row that belongs to a site, named by what is needed to find it. */
type Of<T extends { id: number; siteId: number }> = Pick<T, 'id' | 'siteId'>
type SiteRef = Pick<Site, 'id'>

export interface NewIdentity {
  readonly provider: string
  readonly server?: string
  readonly subject: string
  readonly profile: Profile
  readonly tokens: Tokens
  /** Absent: what is known from before stays. */
  readonly posting?: Posting
}

/** An app without its secret. */
export interface ListedApp {
  readonly provider: string
  /** Origin, where the network has many servers. */
  readonly server?: string
  readonly clientId: string
  readonly hasSecret: boolean
}

export interface Linked {
  readonly user: User
  readonly identity: Identity
  readonly isNewUser: boolean
  readonly isNewIdentity: boolean
}

/** What one contacts call needs to know of one identity. */
export interface ContactsHead {
  readonly identity: Identity
  /** The last good list, however old. */
  readonly snapshot?: SnapshotHead
}

/** Where a list of contacts stands between two pages; means something to core/contacts alone. JSON. */
export type ReadProgress = string

export interface Store {
  readonly engine: 'sqlite' | 'postgres'

  /**
   * A number that changes with every change of the database, by whomever; what was computed under the same number
   * still holds. Absent where other processes write unseen: then nothing may be served from memory unasked.
   */
  generation?(): number

  readonly sites: {
    /** Fails with `conflict` when the subdomain is taken. */
    create(site: Omit<Site, 'id'>, secrets: SiteSecrets): Promise<Site>
    bySubdomain(subdomain: string): Promise<Site | undefined>
    byPublicKey(publicKey: string): Promise<Site | undefined>
    list(): Promise<readonly Site[]>
    secrets(site: SiteRef): Promise<SiteSecrets>
    /** In the place of all that were there. */
    saveSettings(site: SiteRef, settings: SiteSettings): Promise<void>
    /** Changes what is named and leaves the rest as it is by now; answers all settings. `not_found` without the site. */
    changeSettings(site: SiteRef, change: SettingsChange): Promise<SiteSettings>
    /** With all that belongs to it. */
    remove(site: SiteRef): Promise<void>
  }

  readonly users: {
    find(site: SiteRef, token: string): Promise<User | undefined>
    list(
      site: SiteRef,
      query: PageQuery,
    ): Promise<PageOf<User & { readonly identities: readonly Pick<Identity, 'token' | 'provider'>[] }>>
    /** What is stored of a user beside identities and profile: lists of plain fields, by their names. */
    everything(
      user: Of<User>,
    ): Promise<Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>>
    /** With identities, tokens, snapshots and connections; false when there was none. */
    remove(site: SiteRef, token: string): Promise<boolean>
  }

  readonly identities: {
    /** In order of creation. */
    ofUser(user: Of<User>): Promise<readonly Identity[]>
    find(site: SiteRef, token: string): Promise<Identity | undefined>
    bySubject(
      site: SiteRef,
      account: Pick<NewIdentity, 'provider' | 'server' | 'subject'>,
    ): Promise<Identity | undefined>
    list(site: SiteRef, query: PageQuery): Promise<PageOf<Identity>>
    /**
     * A login with this account: finds its identity and user, or makes them; renews profile and tokens, forgets
     * what was refused, counts the login. With `userToken` the account is linked to that user: `not_found` when
     * there is none, `conflict` when the account belongs to somebody else.
     */
    link(site: SiteRef, account: NewIdentity, options?: { readonly userToken?: string }): Promise<Linked>
    /** Accounts that have moved to another home server keep their identity: it is there from now on. */
    moveHome(
      site: SiteRef,
      account: Required<Pick<NewIdentity, 'provider' | 'server' | 'subject'>>,
    ): Promise<void>
    /** Moves an identity to another user of the site; `not_found` when there is none. */
    relink(identity: Of<Identity>, userToken: string): Promise<Identity>
    /** With tokens and snapshot; false when there was none. */
    remove(site: SiteRef, token: string): Promise<boolean>
    /** Without `posting`, what is known of it stays. */
    saveProfile(identity: Of<Identity>, profile: Profile, posting?: Posting): Promise<Identity>
    /** Remembers a refusal or an outage, or forgets it. */
    remember(identity: Of<Identity>, refused: Identity['refused']): Promise<void>
  }

  readonly tokens: {
    /** `version` moves with every change. */
    of(identity: Of<Identity>): Promise<{ tokens: Tokens; version: number } | undefined>
    /**
     * Takes the sole right, over all processes, to renew the tokens of this version for `leaseMs` of the database's
     * clock. `taken`: somebody else has it; `changed`: the version is no longer this one (read again).
     */
    claimRefresh(
      identity: Of<Identity>,
      version: number,
      leaseMs: number,
    ): Promise<
      { readonly outcome: 'mine'; readonly fence: number } | { readonly outcome: 'taken' | 'changed' }
    >
    /** Stores the new pair and ends the lease; false when the lease was lost or the tokens have changed. */
    finishRefresh(identity: Of<Identity>, fence: number, tokens: Tokens): Promise<boolean>
    /** Ends the lease without a new pair. */
    releaseRefresh(identity: Of<Identity>, fence: number): Promise<void>
    /** Replaces them outside a refresh (an import, a relink). */
    replace(identity: Of<Identity>, tokens: Tokens): Promise<void>
  }

  readonly contacts: {
    /** One query: the user and, in order of creation, what a contacts call needs of each identity. */
    heads(
      site: SiteRef,
      userToken: string,
    ): Promise<{ readonly user: User; readonly heads: readonly ContactsHead[] } | undefined>
    /** The last good list of one identity, however old. */
    head(identity: Of<Identity>): Promise<SnapshotHead | undefined>
    /** The bytes of this very version; undefined when it was replaced meanwhile. */
    bytes(identity: Of<Identity>, version: number): Promise<Uint8Array | undefined>
  }

  /** Readings of contacts under way: at most one per identity, over all processes. */
  readonly reads: {
    /**
     * Takes the sole right to read for `leaseMs` of the database's clock, or says who has it until when.
     * A read left behind by a dead process is taken over with the progress it had stored.
     */
    claim(
      identity: Of<Identity>,
      options: { readonly leaseMs: number },
    ): Promise<
      | {
          readonly outcome: 'mine'
          readonly fence: number
          readonly startedAt: number
          readonly progress?: ReadProgress
        }
      | { readonly outcome: 'taken'; readonly startedAt: number; readonly leaseUntil: number }
    >
    /** Stores how far it is and renews the lease; false when it was lost (stop reading). */
    checkpoint(
      identity: Of<Identity>,
      fence: number,
      options: { readonly leaseMs: number; readonly progress?: ReadProgress },
    ): Promise<boolean>
    /** Replaces the snapshot, forgets refusals, ends the read; undefined when the lease was lost. */
    finish(
      identity: Of<Identity>,
      fence: number,
      snapshot: Omit<Snapshot, 'version'>,
    ): Promise<SnapshotHead | undefined>
    /** Ends the read without a list, remembering why where that is to be remembered. */
    fail(identity: Of<Identity>, fence: number, refused: Identity['refused']): Promise<void>
    /** Gives the lease back, keeping the progress, so that another process (or the next start) goes on. */
    release(identity: Of<Identity>, fence: number): Promise<void>
    /** Identities whose reads were left behind. */
    abandoned(limit: number): Promise<readonly Identity[]>
  }

  readonly connections: {
    create(connection: Omit<Connection, 'id'>, options: { readonly expiresAt: number }): Promise<Connection>
    /** Undefined when there is none or its time has passed. */
    find(site: SiteRef, token: string): Promise<Connection | undefined>
    list(site: SiteRef, query: PageQuery): Promise<PageOf<Connection>>
    /** Deletes those whose time has passed. */
    purge(): Promise<number>
  }

  /** Client ids and secrets at the networks, per site and, where a network has many servers, per server. */
  readonly apps: {
    find(site: SiteRef, provider: string, server?: string): Promise<App | undefined>
    save(site: SiteRef, provider: string, app: App, server?: string): Promise<void>
    /** All of a site, without secrets, by provider and server. */
    list(site: SiteRef): Promise<readonly ListedApp[]>
    /** Takes the sole right, over all processes, to register with a server for `leaseMs`; `overloaded` past 10,000 servers. */
    claim(site: SiteRef, provider: string, server: string, leaseMs: number): Promise<boolean>
    /** Gives that right back. */
    release(site: SiteRef, provider: string, server: string): Promise<void>
  }

  /** Logins through a browser. */
  readonly logins: LoginStore

  /** Addresses that let a user link accounts on a page of ours. */
  readonly invitations: InvitationStore

  /** Sessions over several sites. */
  readonly sso: SsoStore

  /** Users whom a site stores by itself. */
  readonly cloud: CloudStore

  /** Whose signatures administer a site. */
  readonly signers: SignerStore

  /** When a network's limit lets us come back; written only when a limit is met. */
  readonly limits: {
    until(scope: string): Promise<number | undefined>
    block(scope: string, until: number): Promise<void>
  }

  /** The site's own friends, and every change of them. */
  readonly graph: GraphStore
  readonly feed: FeedStore

  /** Who may call: Gigya's keys, tokens that we issue, nonces. */
  readonly access: AccessStore

  /** Contacts as friends: which lists count, and whose accounts are users of the site. */
  readonly people: PeopleStore

  /** Users as the site knows them: its own ids, what it says of them, their sessions. */
  readonly userInfo: UserInfoStore

  /** What sites want said, and what became of it on each network. */
  readonly messages: MessageStore
  readonly publications: PublicationStore
  /** How messages fared at one moment. */
  readonly messageSnapshots: MessageSnapshotStore
  /** Short links, and who followed them. */
  readonly links: LinkStore
  /** Who is told what happens on a site. */
  readonly webhooks: WebhookStore

  /** Users brought from other services. */
  readonly moving: MovingStore

  /** How often which method was called, with which outcome and by whom. */
  readonly reports: ReportStore

  /** Re-seals what is sealed with another key than the current one; answers how many values that were. */
  reseal(): Promise<number>
  /** Resolves when the database answers; for readiness. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** What `refused` is made of. */
export type Refusal = { readonly problem: Problem; readonly at: number; readonly until?: number }
