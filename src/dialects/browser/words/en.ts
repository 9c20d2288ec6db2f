import type { Words } from './words.ts'

export const en: Words = {
  plugin: {
    social_login: 'Log in with',
    social_login_with: 'Log in with {network}',
    social_link: 'Link your accounts',
    social_link_with: 'Link {network}',
    linked: 'Linked',
    unlink: 'Unlink',
    unlink_with: 'Unlink {network}',
    more: 'More networks',
    close: 'Close',
    busy: 'Go on in the window of {network}.',
    closed: 'The window is closed. Choose a network to try again.',
    done: 'Done. One moment…',
    none: 'No network has been set up here yet.',
  },
  page: {
    login: 'Log in to {site}',
    loginWhy: 'Choose the network that you want to log in with.',
    link: 'Your accounts at {site}',
    linkWhy: 'Link the networks that you want to use with {site}.',
    proceed: 'Link your accounts',
    proceedWhy:
      '{site} invites you to link your accounts. This address works once and is meant for you alone.',
    spent: 'This address no longer works',
    spentWhy: 'It was used already, or its time is over. Ask {site} for a new one.',
    wrong: 'Something went wrong',
    finish: 'Done',
    finishedWhy: 'You can close this window.',
  },
}
